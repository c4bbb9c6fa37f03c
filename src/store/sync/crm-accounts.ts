// The account of each CRM that the stored records come from. Data of another account must not be
// mixed with them.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables/tables.ts';

/** Null if the CRM was not asked yet. */
export async function storedAccount(db: Kysely<Tables>, crm: string): Promise<string | null> {
  const row = await db.selectFrom('crm_accounts').select('account_id').where('crm', '=', crm).executeTakeFirst();
  return row?.account_id ?? null;
}

/**
 * Inserts the account unless one is stored.
 * @returns the stored account, which can be another one
 */
export async function claimAccount(
  db: Kysely<Tables>,
  { crm, account }: { crm: string; account: string },
  now: Date,
): Promise<string> {
  await sql`
    insert into leadgrade.crm_accounts (crm, account_id, seen_at) values (${crm}, ${account}, ${now}) on conflict do nothing`.execute(
    db,
  );
  return (await storedAccount(db, crm)) ?? account;
}
