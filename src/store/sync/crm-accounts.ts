// Whose account each CRM's records are from: another company's data must never be taken for them.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables/tables.ts';

/** Null: the CRM was not asked yet. */
export async function storedAccount(db: Kysely<Tables>, crm: string): Promise<string | null> {
  const row = await db.selectFrom('crm_accounts').select('account_id').where('crm', '=', crm).executeTakeFirst();
  return row?.account_id ?? null;
}

/** Notes the account that was asked, unless one is noted. Gives the one that was noted first. */
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
