// The records of one object type.
import type { Value } from '../schema/field.ts';

export type Values = Readonly<Record<string, Value>>;

export interface SObjectRecord {
  readonly id: string;
  /** The object's name. */
  readonly type: string;
  /** By the field's name; what is not there is null (or false). */
  readonly values: Values;
}

export class RecordTable {
  /** In the order in which they were made, which is id order; a changed record keeps its place. */
  readonly #records = new Map<string, SObjectRecord>();

  #purged = 0;

  /** How many there ever were. */
  get size(): number {
    return this.#records.size + this.#purged;
  }

  get(id: string): SObjectRecord | undefined {
    return this.#records.get(id);
  }

  put(record: SObjectRecord): void {
    this.#records.set(record.id, record);
  }

  /** As if it had never been. */
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

/** A field that refers to a record; null when it is empty. */
export function reference(record: SObjectRecord, field: string): string | null {
  const value = record.values[field];
  return typeof value === 'string' ? value : null;
}

export function textOf(value: Value | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
