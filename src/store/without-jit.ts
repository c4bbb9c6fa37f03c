import { sql, type Transaction } from 'kysely';
import type { Tables } from './tables/tables.ts';

/**
 * Disables JIT for this transaction: for a few thousand rows, compiling a statement takes longer
 * than running it.
 */
export async function disableJit(tx: Transaction<Tables>): Promise<void> {
  await sql`set local jit = off`.execute(tx);
}
