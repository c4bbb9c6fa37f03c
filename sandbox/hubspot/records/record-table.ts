// The records of one object type, and what the search index shows of them: the state of a moment ago.
import type { ObjectKind } from '../object-types.ts';
import { PropertyHistory } from './property-history.ts';

export type Properties = ReadonlyMap<string, string>;

export interface CrmRecord {
  readonly id: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly archivedAt: number | null;
  readonly properties: Properties;
}

/** When HubSpot learned of something (epoch ms); `indexFrom`: when search and events begin to show it. */
export interface Learned {
  readonly created: number;
  readonly modified: number;
  readonly indexFrom: number;
}

/** Since when a written value holds, and who wrote it. */
export interface Origin {
  readonly at: number;
  readonly source: string;
  /** Versions of the same source from this instant on become this one. */
  readonly amends?: number;
}

function byHand(at: number): Origin {
  return { at, source: 'CRM_UI' };
}

/** One state as the search index takes it over; null = no longer there. */
interface IndexedState {
  readonly id: string;
  readonly from: number;
  readonly record: CrmRecord | null;
}

const MANY_UNINDEXED = 10_000;

/** https://knowledge.hubspot.com/records/restore-deleted-records: a deleted record can be restored for 90 days. */
const RESTORABLE_MS = 90 * 86_400_000;

function isRestorable({ archivedAt }: CrmRecord, now: number): boolean {
  return archivedAt !== null && now - archivedAt <= RESTORABLE_MS;
}

export class RecordTable {
  readonly kind: ObjectKind;
  readonly history = new PropertyHistory();
  readonly #records = new Map<string, CrmRecord>();
  /** In creation order, which is id order. */
  readonly #ids: string[] = [];
  readonly #mergedInto = new Map<string, string>();
  /** What search shows, in the order of modification (a changed record moves to the end). */
  readonly #index = new Map<string, CrmRecord>();
  /** Changes that search does not show yet, oldest first. */
  #unindexed: IndexedState[] = [];
  /** So many of them make it worth looking which are due, though nobody searches. */
  #manyUnindexed = MANY_UNINDEXED;

  constructor(kind: ObjectKind) {
    this.kind = kind;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Adds a record. */
  add(properties: Properties, at: Learned, source = 'CRM_UI'): CrmRecord {
    const id = String(this.kind.firstId + this.#ids.length);
    const all = new Map(properties);
    all.set('hs_object_id', id);
    all.set(this.kind.createdProperty, new Date(at.created).toISOString());
    all.set(this.kind.modifiedProperty, new Date(at.modified).toISOString());
    const record = { id, createdAt: at.created, modifiedAt: at.modified, archivedAt: null, properties: all };
    this.#ids.push(id);
    this.history.begin(record, source);
    this.#keep(record, at.indexFrom);
    return record;
  }

  /** The id that a merged record goes by now. */
  resolve(id: string): string {
    let at = id;
    for (let into = this.#mergedInto.get(at); into !== undefined; into = this.#mergedInto.get(at)) at = into;
    return at;
  }

  /** The record, by its own id or by one that was merged into it; undefined when unknown or archived. */
  find(id: string): CrmRecord | undefined {
    const record = this.#records.get(this.resolve(id));
    return record?.archivedAt === null ? record : undefined;
  }

  /** One that was deleted, as long as it can be restored. */
  findArchived(id: string, now: number): CrmRecord | undefined {
    const record = this.#records.get(id);
    return record && isRestorable(record, now) ? record : undefined;
  }

  /** Writes values ("" clears) and moves the modification time, whether or not a value differs. */
  write(record: CrmRecord, values: Properties, now: number, indexFrom: number, origin = byHand(now)): CrmRecord {
    this.#takeOverDue(now);
    this.history.note(record, values, origin);
    const properties = this.#changed(record, values);
    properties.set(this.kind.modifiedProperty, new Date(now).toISOString());
    return this.#keep({ ...record, modifiedAt: now, properties }, indexFrom);
  }

  /** What HubSpot counts or derives by itself; the modification time stays. */
  writeSilently(record: CrmRecord, values: Properties, indexFrom: number, origin: Origin): CrmRecord {
    this.history.note(record, values, origin);
    return this.#keep({ ...record, properties: this.#changed(record, values) }, indexFrom);
  }

  archive(record: CrmRecord, now: number, indexFrom: number): void {
    this.#records.set(record.id, { ...record, archivedAt: now });
    this.#unindexed.push({ id: record.id, from: indexFrom, record: null });
  }

  /** It is as it was before it was deleted, and modified now. */
  restore(record: CrmRecord, now: number, indexFrom: number): CrmRecord {
    return this.write({ ...record, archivedAt: null }, new Map(), now, indexFrom);
  }

  /** Gone for good: neither among those that are there, nor among those that were deleted. */
  purge(id: string): void {
    this.#records.delete(id);
    this.#unindexed = this.#unindexed.filter((state) => state.id !== id);
    this.#index.delete(id);
  }

  /** The merged record lives on under the primary's id. Its values are the caller's business. */
  merge(primary: CrmRecord, merged: CrmRecord, indexFrom: number): void {
    this.#records.delete(merged.id);
    this.#mergedInto.set(merged.id, primary.id);
    this.#unindexed.push({ id: merged.id, from: indexFrom, record: null });
  }

  /**
   * Up to `limit` records with ids above `after`, in id order.
   * @param archivedAt for those that were deleted and can be restored at that instant; absent: those that are there
   */
  list(after: string | null, limit: number, archivedAt?: number): { records: CrmRecord[]; more: boolean } {
    const records: CrmRecord[] = [];
    const start = after === null ? 0 : Number(after) - this.kind.firstId + 1;
    for (let at = Math.max(0, start); at < this.#ids.length; at++) {
      const record = this.#records.get(this.#ids[at] ?? '');
      if (!record) continue;
      if (archivedAt === undefined ? record.archivedAt !== null : !isRestorable(record, archivedAt)) continue;
      if (records.length === limit) return { records, more: true };
      records.push(record);
    }
    return { records, more: false };
  }

  /** A storm of changes that nobody searches for would keep each state of each record. */
  #takeOverDue(now: number): void {
    if (this.#unindexed.length < this.#manyUnindexed) return;
    this.indexed(now);
    this.#manyUnindexed = Math.max(MANY_UNINDEXED, 2 * this.#unindexed.length);
  }

  /** Every record as the search index shows it at `now`, roughly oldest modification first. */
  indexed(now: number): Iterable<CrmRecord> {
    const still: IndexedState[] = [];
    for (const state of this.#unindexed) {
      if (state.from > now) still.push(state);
      else this.#takeOver(state.id, state.record);
    }
    this.#unindexed = still;
    return this.#index.values();
  }

  #changed(record: CrmRecord, values: Properties): Map<string, string> {
    const properties = new Map(record.properties);
    for (const [name, value] of values) {
      if (value === '') properties.delete(name);
      else properties.set(name, value);
    }
    return properties;
  }

  #keep(record: CrmRecord, indexFrom: number): CrmRecord {
    this.#records.set(record.id, record);
    if (indexFrom === Number.NEGATIVE_INFINITY) this.#takeOver(record.id, record);
    else this.#unindexed.push({ id: record.id, from: indexFrom, record });
    return record;
  }

  #takeOver(id: string, record: CrmRecord | null): void {
    this.#index.delete(id);
    if (record) this.#index.set(id, record);
  }
}
