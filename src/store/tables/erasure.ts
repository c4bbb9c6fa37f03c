// Reports of erasures.
import type { Generated } from 'kysely';
import type { Instant, Json } from './column-types.ts';

/**
 * One report for each erased record. A person with more addresses has one more row for each, with
 * an empty report.
 */
export interface ErasuresTable {
  id: Generated<number>;
  crm: string;
  object: string;
  /**
   * SHA-256 of `crm/object/id`: the report can be found by the id, and the table names no person.
   */
  id_hash: string;
  /** SHA-256 of the address in lower case. Later events for that address are ignored. */
  email_hash: string | null;
  erased_at: Instant;
  /** Number of deleted rows by table, and of deleted fields. */
  erased: Json<Readonly<Record<string, number>>>;
}
