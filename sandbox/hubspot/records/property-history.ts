// The versions of a record's properties, as `propertiesWithHistory` returns them: newest first, at
// most 20.
import type { ChangeSource } from './change-source.ts';

type Properties = ReadonlyMap<string, string>;

/** The fields of a record that its history needs. */
interface HistoryRecord {
  readonly id: string;
  readonly createdAt: number;
  readonly properties: Properties;
}

export interface Version {
  readonly value: string;
  /** Epoch ms. */
  readonly at: number;
  readonly by: ChangeSource;
}

interface ValueOrigin {
  readonly at: number;
  readonly by: ChangeSource;
  readonly amends?: number;
}

/** HubSpot keeps at least 20 versions per contact property. */
const MAX_VERSIONS = 20;

export class PropertyHistory {
  /** The values with which each record was created, and their source. */
  readonly #first = new Map<string, { readonly properties: Properties; readonly by: ChangeSource }>();
  /** Versions by record ID and property, oldest first. */
  readonly #changes = new Map<string, Map<string, Version[]>>();

  begin(record: HistoryRecord, by: ChangeSource): void {
    this.#first.set(record.id, { properties: record.properties, by });
  }

  /** An unchanged value adds no version. */
  addVersions(
    record: HistoryRecord,
    values: Properties,
    { at, by, amends = Number.POSITIVE_INFINITY }: ValueOrigin,
  ): void {
    for (const [name, value] of values) {
      if ((record.properties.get(name) ?? '') === value) continue;
      const changes = this.#changes.get(record.id) ?? new Map<string, Version[]>();
      const before = (changes.get(name) ?? []).filter((each) => each.at < amends || each.by.source !== by.source);
      const versions = [...before, { value, at, by }];
      this.#changes.set(record.id, changes.set(name, versions.slice(-MAX_VERSIONS)));
    }
  }

  /** When the property last changed (epoch ms); null = never since the record was created. */
  changedAt(record: HistoryRecord, name: string): number | null {
    return this.#changes.get(record.id)?.get(name)?.at(-1)?.at ?? null;
  }

  versions(record: HistoryRecord, name: string): readonly Version[] {
    const start = this.#first.get(record.id);
    const first = start?.properties.get(name);
    const created = start && first !== undefined ? [{ value: first, at: record.createdAt, by: start.by }] : [];
    return [...created, ...(this.#changes.get(record.id)?.get(name) ?? [])].slice(-MAX_VERSIONS).toReversed();
  }
}
