// The values that a record's properties had, as `propertiesWithHistory` shows them: newest first, the latest of them only.

type Properties = ReadonlyMap<string, string>;

/** What of a record matters here. */
interface Changing {
  readonly id: string;
  readonly createdAt: number;
  readonly properties: Properties;
}

export interface Version {
  readonly value: string;
  /** Epoch ms. */
  readonly at: number;
  readonly source: string;
}

interface Noted {
  readonly at: number;
  readonly source: string;
  readonly amends?: number;
}

/** Contacts keep twenty versions of a property at least. */
const MOST_KEPT = 20;

export class PropertyHistory {
  /** What each record was made with, and by what. */
  readonly #first = new Map<string, { readonly properties: Properties; readonly source: string }>();
  /** By record and property, oldest first. */
  readonly #changes = new Map<string, Map<string, Version[]>>();

  begin(record: Changing, source: string): void {
    this.#first.set(record.id, { properties: record.properties, source });
  }

  /** A value that is as it was makes no version. */
  note(record: Changing, values: Properties, { at, source, amends = Number.POSITIVE_INFINITY }: Noted): void {
    for (const [name, value] of values) {
      if ((record.properties.get(name) ?? '') === value) continue;
      const changes = this.#changes.get(record.id) ?? new Map<string, Version[]>();
      const before = (changes.get(name) ?? []).filter((each) => each.at < amends || each.source !== source);
      const versions = [...before, { value, at, source }];
      this.#changes.set(record.id, changes.set(name, versions.slice(-MOST_KEPT)));
    }
  }

  /** When the property got the value that it has; null = it has had none since the record was made. */
  changedAt(record: Changing, name: string): number | null {
    return this.#changes.get(record.id)?.get(name)?.at(-1)?.at ?? null;
  }

  versions(record: Changing, name: string): readonly Version[] {
    const made = this.#first.get(record.id);
    const first = made?.properties.get(name);
    const born = made && first !== undefined ? [{ value: first, at: record.createdAt, source: made.source }] : [];
    return [...born, ...(this.#changes.get(record.id)?.get(name) ?? [])].slice(-MOST_KEPT).toReversed();
  }
}
