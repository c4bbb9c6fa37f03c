// The records of one object type, and a search index that lags behind them.
import type { ObjectKind } from '../object-types.ts';
import { type ChangeSource, USER } from './change-source.ts';
import { PropertyHistory } from './property-history.ts';

export type Properties = ReadonlyMap<string, string>;

export interface CrmRecord {
  readonly id: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly archivedAt: number | null;
  readonly properties: Properties;
}

/** Epoch ms. `indexFrom`: when search and events begin to return the change. */
export interface RecordTimes {
  readonly created: number;
  readonly modified: number;
  readonly indexFrom: number;
}

/** Time (epoch ms) and source of a written value. */
export interface Origin {
  readonly at: number;
  readonly by: ChangeSource;
  /** This version replaces all versions of the same source since this instant. */
  readonly amends?: number;
}

function byHand(at: number): Origin {
  return { at, by: USER };
}

/** One state that the search index applies from an instant on; null = deleted. */
interface IndexedState {
  readonly id: string;
  /** The order of the changes: an older one that becomes visible later replaces no newer one. */
  readonly sequence: number;
  readonly from: number;
  readonly record: CrmRecord | null;
}

const MIN_INDEX_BATCH = 10_000;

/**
 * https://knowledge.hubspot.com/records/restore-deleted-records: a deleted record can be restored
 * for 90 days.
 */
const RESTORABLE_MS = 90 * 86_400_000;

function isRestorable({ archivedAt }: CrmRecord, now: number): boolean {
  return archivedAt !== null && now - archivedAt <= RESTORABLE_MS;
}

export class RecordTable {
  readonly kind: ObjectKind;
  readonly history = new PropertyHistory();
  readonly #records = new Map<string, CrmRecord>();
  /** In creation order, which is ID order. */
  readonly #ids: string[] = [];
  readonly #mergedInto = new Map<string, string>();
  /**
   * The records that search returns, in order of modification (a changed record moves to the end).
   */
  readonly #index = new Map<string, CrmRecord>();
  /** The latest change of each record that search returns. */
  readonly #indexed = new Map<string, number>();
  #sequence = 0;
  /** Changes that search does not return yet, oldest first. */
  #unindexed: IndexedState[] = [];
  /** The number of unindexed changes at which a write updates the index. */
  #indexThreshold = MIN_INDEX_BATCH;

  constructor(kind: ObjectKind) {
    this.kind = kind;
  }

  get size(): number {
    return this.#records.size;
  }

  add(properties: Properties, at: RecordTimes, by = USER): CrmRecord {
    const id = String(this.kind.firstId + this.#ids.length);
    const all = new Map(properties);
    all.set('hs_object_id', id);
    all.set(this.kind.createdProperty, new Date(at.created).toISOString());
    all.set(this.kind.modifiedProperty, new Date(at.modified).toISOString());
    const record = { id, createdAt: at.created, modifiedAt: at.modified, archivedAt: null, properties: all };
    this.#ids.push(id);
    this.history.begin(record, by);
    this.#save(record, at.indexFrom);
    return record;
  }

  /** The ID of the record that a merged record belongs to; any other ID is returned unchanged. */
  resolve(id: string): string {
    let at = id;
    for (let into = this.#mergedInto.get(at); into !== undefined; into = this.#mergedInto.get(at)) at = into;
    return at;
  }

  /**
   * The record with this ID, or the one into which it was merged; undefined if unknown or archived.
   */
  find(id: string): CrmRecord | undefined {
    const record = this.#records.get(this.resolve(id));
    return record?.archivedAt === null ? record : undefined;
  }

  /** A deleted record that can still be restored. */
  findArchived(id: string, now: number): CrmRecord | undefined {
    const record = this.#records.get(id);
    return record && isRestorable(record, now) ? record : undefined;
  }

  /** Writes values ("" clears). The modification time changes even if all values are equal. */
  write(record: CrmRecord, values: Properties, now: number, indexFrom: number, origin = byHand(now)): CrmRecord {
    this.#indexIfMany(now);
    this.history.addVersions(record, values, origin);
    const properties = this.#changed(record, values);
    properties.set(this.kind.modifiedProperty, new Date(now).toISOString());
    return this.#save({ ...record, modifiedAt: now, properties }, indexFrom);
  }

  /** Writes values that HubSpot counts or derives. The modification time does not change. */
  writeSilently(record: CrmRecord, values: Properties, indexFrom: number, origin: Origin): CrmRecord {
    this.history.addVersions(record, values, origin);
    return this.#save({ ...record, properties: this.#changed(record, values) }, indexFrom);
  }

  archive(record: CrmRecord, now: number, indexFrom: number): void {
    this.#records.set(record.id, { ...record, archivedAt: now });
    this.#unindexed.push({ id: record.id, sequence: this.#sequence++, from: indexFrom, record: null });
  }

  /** Restores a deleted record unchanged; its modification time becomes `now`. */
  restore(record: CrmRecord, now: number, indexFrom: number): CrmRecord {
    return this.write({ ...record, archivedAt: null }, new Map(), now, indexFrom);
  }

  /** Deletes a record permanently: neither `find` nor `findArchived` returns it. */
  purge(id: string): void {
    this.#records.delete(id);
    this.#unindexed = this.#unindexed.filter((state) => state.id !== id);
    this.#index.delete(id);
  }

  /** Deletes a record permanently; search still returns it until `indexFrom`. */
  hide(id: string, indexFrom: number): void {
    this.#records.delete(id);
    this.#unindexed.push({ id, sequence: this.#sequence++, from: indexFrom, record: null });
  }

  /** Makes the merged ID resolve to the primary. The caller moves the values. */
  merge(primary: CrmRecord, merged: CrmRecord, indexFrom: number): void {
    this.#records.delete(merged.id);
    this.#mergedInto.set(merged.id, primary.id);
    this.#unindexed.push({ id: merged.id, sequence: this.#sequence++, from: indexFrom, record: null });
  }

  /**
   * Up to `limit` records with IDs above `after`, in ID order.
   * @param archivedAt lists the deleted records that can be restored at this instant; absent: the
   *   existing records
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

  /**
   * Without searches, a burst of changes would otherwise keep every state of every record in
   * memory.
   */
  #indexIfMany(now: number): void {
    if (this.#unindexed.length < this.#indexThreshold) return;
    this.indexed(now);
    this.#indexThreshold = Math.max(MIN_INDEX_BATCH, 2 * this.#unindexed.length);
  }

  /** The records that search returns at `now`, approximately oldest modification first. */
  indexed(now: number): Iterable<CrmRecord> {
    const remaining: IndexedState[] = [];
    for (const state of this.#unindexed) {
      if (state.from > now) remaining.push(state);
      else this.#applyToIndex(state);
    }
    this.#unindexed = remaining;
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

  #save(record: CrmRecord, indexFrom: number): CrmRecord {
    this.#records.set(record.id, record);
    const state = { id: record.id, sequence: this.#sequence++, from: indexFrom, record };
    if (indexFrom === Number.NEGATIVE_INFINITY) this.#applyToIndex(state);
    else this.#unindexed.push(state);
    return record;
  }

  #applyToIndex({ id, sequence, record }: IndexedState): void {
    if (sequence < (this.#indexed.get(id) ?? -1)) return;
    this.#indexed.set(id, sequence);
    this.#index.delete(id);
    if (record) this.#index.set(id, record);
  }
}
