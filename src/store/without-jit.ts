// For statements of many rows.
import { sql, type Transaction } from 'kysely';
import type { Tables } from './tables/tables.ts';

/** Until the transaction ends: compiling a statement for some thousand rows takes longer than running it. */
export async function disableJit(tx: Transaction<Tables>): Promise<void> {
  await sql`set local jit = off`.execute(tx);
}
