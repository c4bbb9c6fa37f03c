// The quarantine: what a CRM sent, signed, and we did not understand. It is kept as it is, and can be read again once we do.
import { createHash } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import { rowsOf } from './sql-rows.ts';
import type { Tables } from './tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export interface Unread {
  readonly text: string;
  readonly reason: string;
}

/** The same part twice is kept once. */
export async function putInQuarantine(db: Db, crm: string, parts: readonly Unread[], now: Date): Promise<void> {
  if (parts.length === 0) return;
  const rows = parts.map(({ text, reason }) => ({ body: text, reason, body_hash: hashOf(text) }));
  await sql`
    insert into leadgrade.quarantine (crm, body_hash, body, reason, received_at)
    select distinct on (body_hash) ${crm}, body_hash, body, reason, ${now}::timestamptz
    from ${rowsOf(rows)} as t (body_hash text, body text, reason text)
    on conflict do nothing`.execute(db);
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export interface QuarantinedPart {
  readonly id: number;
  readonly crm: string;
  readonly reason: string;
  readonly received_at: Date;
  /** Bytes of it; what it says may be personal and is not shown. */
  readonly bytes: number;
}

/** A page of the list, oldest first, behind the row `after`. */
export async function pageOfQuarantine(
  db: Kysely<Tables>,
  { after, limit }: { after: number; limit: number },
): Promise<readonly QuarantinedPart[]> {
  const { rows } = await sql<QuarantinedPart>`
    select id, crm, reason, received_at, octet_length(body) as bytes from leadgrade.quarantine
    where id > ${after} order by id limit ${limit}`.execute(db);
  return rows;
}

/** What they say, to be read again. */
export async function quarantinedTexts(
  db: Kysely<Tables>,
  { crm, after, limit }: { crm: string; after: number; limit: number },
): Promise<readonly { readonly id: number; readonly body: string; readonly received_at: Date }[]> {
  return db
    .selectFrom('quarantine')
    .select(['id', 'body', 'received_at'])
    .where('crm', '=', crm)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

export async function leaveQuarantine(db: Db, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await db
    .deleteFrom('quarantine')
    .where('id', 'in', [...ids])
    .execute();
}

export async function countQuarantine(db: Kysely<Tables>): Promise<number> {
  const row = await db
    .selectFrom('quarantine')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Deletes whatever names a person, by id or by address; others in the same part are found by the next poll. Gives how many parts. */
export async function eraseFromQuarantine(
  tx: Transaction<Tables>,
  crm: string,
  { id, email }: { readonly id: string; readonly email: string | null },
): Promise<number> {
  const named = `(^|[^0-9A-Za-z])${id.replaceAll(/[^0-9A-Za-z]/g, '.')}([^0-9A-Za-z]|$)`;
  const { numAffectedRows = 0n } = await sql`
    delete from leadgrade.quarantine
    where (crm = ${crm} and body ~ ${named})
      or (${email}::text is not null and position(${email}::text in lower(body)) > 0)`.execute(tx);
  return Number(numAffectedRows);
}

const KEPT_MS = 30 * 86_400_000;

/** What nobody has looked at for a month goes: it may hold personal data. Gives how many. */
export async function forgetOldQuarantine(db: Kysely<Tables>, now: Date): Promise<number> {
  const result = await db
    .deleteFrom('quarantine')
    .where('received_at', '<', new Date(now.getTime() - KEPT_MS))
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
