// The quarantine: what a CRM sent, signed, and we did not understand. It is kept as it is, and can be read again once we do.
import { createHash } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import type { NamedRecord } from '../../domain/person.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export interface UnparsedMessage {
  readonly text: string;
  readonly reason: string;
}

/**
 * Parts a CRM. They are for whoever wants to see what is not understood, and to be read again: of a flood, nearly all of one kind, the
 * first ones show as much, and what each was about is found by the next poll.
 */
const MOST_PARTS = 10_000;

/** The same part twice is kept once; what is more than there is room for is not kept. */
export async function insertQuarantine(
  db: Db,
  crm: string,
  parts: readonly UnparsedMessage[],
  now: Date,
): Promise<void> {
  if (parts.length === 0) return;
  const rows = parts.map(({ text, reason }) => ({ body: text, reason, body_hash: quarantineHash(text) }));
  await sql`
    insert into leadgrade.quarantine (crm, body_hash, body, reason, received_at)
    select distinct on (body_hash) ${crm}, body_hash, body, reason, ${now}::timestamptz
    from ${jsonRows(rows)} as t (body_hash text, body text, reason text)
    limit greatest(0, ${MOST_PARTS} - (select count(*) from leadgrade.quarantine where crm = ${crm}))
    on conflict do nothing`.execute(db);
}

function quarantineHash(text: string): string {
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
export async function listQuarantine(
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

export async function deleteFromQuarantine(db: Db, ids: readonly number[]): Promise<void> {
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

/**
 * Deletes whatever names one of these people, by id or by address; others in the same part are found by the next poll. In one statement:
 * it reads all that is there.
 * @returns how many parts, by record
 */
export async function eraseFromQuarantine(
  tx: Transaction<Tables>,
  crm: string,
  named: readonly NamedRecord[],
): Promise<readonly (RecordRef & { readonly parts: number })[]> {
  const patterns = named.map(({ object, id, emails }) => ({
    object,
    id,
    address: anyOf(emails),
    any: [wholeWord([id]), anyOf(emails)].filter((each) => each !== null).join('|'),
  }));
  const address = anyOf(named.flatMap(({ emails }) => emails));
  const any = [wholeWord(named.map(({ id }) => id)), address].filter((each) => each !== null).join('|');
  const { rows } = await sql<RecordRef & { parts: number }>`
    with hits as materialized (
      select q.id, q.crm, lower(q.body) as body from leadgrade.quarantine q
      where case when q.crm = ${crm} then lower(q.body) ~ ${any} else lower(q.body) ~ ${address}::text end
    ),
    whose as materialized (
      select distinct on (h.id) h.id as part, t.object, t.id from hits h
      join ${jsonRows(patterns)} as t (object text, id text, address text, "any" text)
        on h.body ~ case when h.crm = ${crm} then t."any" else t.address end
      order by h.id
    ),
    gone as (delete from leadgrade.quarantine q using whose w where q.id = w.part returning w.object, w.id)
    select object, id, count(*)::int as parts from gone group by object, id`.execute(tx);
  return rows;
}

/** Ids, which stand alone. */
function wholeWord(ids: readonly string[]): string {
  return `(^|[^0-9a-z])(${ids.map(asPattern).join('|')})([^0-9a-z]|$)`;
}

function anyOf(emails: readonly string[]): string | null {
  return emails.length === 0 ? null : emails.map(asPattern).join('|');
}

/** For a text in lower case. What a pattern might take for a sign of its own stands for any character. */
function asPattern(name: string): string {
  return name.toLowerCase().replaceAll(/[^0-9a-z]/gu, '.');
}

const KEPT_MS = 30 * 86_400_000;

/** What nobody has looked at for a month goes: it may hold personal data. Gives how many. */
export async function purgeQuarantine(db: Kysely<Tables>, now: Date): Promise<number> {
  const result = await db
    .deleteFrom('quarantine')
    .where('received_at', '<', new Date(now.getTime() - KEPT_MS))
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
