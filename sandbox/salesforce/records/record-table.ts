// The records of one object type.
import type { Value } from '../schema/field.ts';

export type Values = Readonly<Record<string, Value>>;

export interface SObjectRecord {
  readonly id: string;
  /** The object's name. */
  readonly type: string;
  /** By field name; an absent value is null (or false). */
  readonly values: Values;
}

export class RecordTable {
  /** In creation order, which is ID order; a changed record keeps its position. */
  readonly #records = new Map<string, SObjectRecord>();
  #purged = 0;

  /** The number of records ever created. */
  get size(): number {
    return this.#records.size + this.#purged;
  }

  get(id: string): SObjectRecord | undefined {
    return this.#records.get(id);
  }

  put(record: SObjectRecord): void {
    this.#records.set(record.id, record);
  }

  /** Deletes a record permanently. */
  purge(id: string): void {
    if (this.#records.delete(id)) this.#purged += 1;
  }

  all(): Iterable<SObjectRecord> {
    return this.#records.values();
  }
}

export function isDeleted(record: SObjectRecord): boolean {
  return record.values.IsDeleted === true;
}

/** The ID in a reference field; null if it is empty. */
export function reference(record: SObjectRecord, field: string): string | null {
  const value = record.values[field];
  return typeof value === 'string' ? value : null;
}

export function textOf(value: Value | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
