// The quarantine: signed webhook parts that could not be parsed. They are stored unchanged, so that
// a later version can parse them.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import type { RecordEmails } from '../../domain/person.ts';
import { sha256Hex } from '../../domain/texts/sha256-hex.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export interface UnparsedMessage {
  readonly text: string;
  readonly reason: string;
}

/**
 * Per CRM. Parts are stored for inspection and reprocessing. A flood contains nearly the same part
 * again and again, so the first ones are enough, and the next poll finds the changes themselves.
 */
const MAX_PARTS = 10_000;

/** Inserts parts. Equal parts are stored once, and parts above the limit are dropped. */
export async function insertQuarantine(
  db: Db,
  crm: string,
  parts: readonly UnparsedMessage[],
  now: Date,
): Promise<void> {
  if (parts.length === 0) return;
  const rows = parts.map(({ text, reason }) => ({ body: text, reason, body_hash: sha256Hex(text) }));
  await sql`
    insert into leadgrade.quarantine (crm, body_hash, body, reason, received_at)
    select distinct on (body_hash) ${crm}, body_hash, body, reason, ${now}::timestamptz
    from ${jsonRows(rows)} as t (body_hash text, body text, reason text)
    limit greatest(0, ${MAX_PARTS} - (select count(*) from leadgrade.quarantine where crm = ${crm}))
    on conflict do nothing`.execute(db);
}

export interface QuarantinedPart {
  readonly id: number;
  readonly crm: string;
  readonly reason: string;
  readonly received_at: Date;
  /** Size of the part. Its text can be personal data and is not listed. */
  readonly bytes: number;
}

/** Parts with an id above `after`, oldest first. */
export async function listQuarantine(
  db: Kysely<Tables>,
  { after, limit }: { after: number; limit: number },
): Promise<readonly QuarantinedPart[]> {
  const { rows } = await sql<QuarantinedPart>`
    select id, crm, reason, received_at, octet_length(body) as bytes from leadgrade.quarantine
    where id > ${after} order by id limit ${limit}`.execute(db);
  return rows;
}

/** Texts of parts with an id above `after`, oldest first, to be parsed again. */
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
 * Deletes parts that contain an id or address of one of these records. The next poll finds the
 * changes of other records in the same part. One statement, because it scans the whole table.
 * @returns the number of deleted parts by record
 */
export async function eraseFromQuarantine(
  tx: Transaction<Tables>,
  crm: string,
  records: readonly RecordEmails[],
): Promise<readonly (RecordRef & { readonly parts: number })[]> {
  const patterns = records.map(({ object, id, emails }) => ({
    object,
    id,
    address: anyOf(emails),
    any: alternatives([wholeWord([id]), anyOf(emails)]),
  }));
  const address = anyOf(records.flatMap(({ emails }) => emails));
  const any = alternatives([wholeWord(records.map(({ id }) => id)), address]);
  const { rows } = await sql<RecordRef & { parts: number }>`
    with hits as materialized (
      select q.id, q.crm, lower(q.body) as body from leadgrade.quarantine q
      where case when q.crm = ${crm} then lower(q.body) ~ ${any} else lower(q.body) ~ ${address}::text end
    ),
    owners as materialized (
      select distinct on (h.id) h.id as part, t.object, t.id from hits h
      join ${jsonRows(patterns)} as t (object text, id text, address text, "any" text)
        on h.body ~ case when h.crm = ${crm} then t."any" else t.address end
      order by h.id
    ),
    deleted as (delete from leadgrade.quarantine q using owners o where q.id = o.part returning o.object, o.id)
    select object, id, count(*)::int as parts from deleted group by object, id`.execute(tx);
  return rows;
}

/** A pattern for any of these ids, not as a part of a longer word. */
function wholeWord(ids: readonly string[]): string {
  return `(^|[^0-9a-z])(${ids.map(asPattern).join('|')})([^0-9a-z]|$)`;
}

function anyOf(emails: readonly string[]): string | null {
  return emails.length === 0 ? null : emails.map(asPattern).join('|');
}

function alternatives(patterns: readonly (string | null)[]): string {
  return patterns.filter((pattern) => pattern !== null).join('|');
}

/**
 * A pattern for a text in lower case. Characters that could have a meaning in a pattern match any
 * character.
 */
function asPattern(text: string): string {
  return text.toLowerCase().replaceAll(/[^0-9a-z]/gu, '.');
}

const RETENTION_MS = 30 * 86_400_000;

/** Deletes parts older than a month, as they can contain personal data. @returns their number */
export async function purgeQuarantine(db: Kysely<Tables>, now: Date): Promise<number> {
  const result = await db
    .deleteFrom('quarantine')
    .where('received_at', '<', new Date(now.getTime() - RETENTION_MS))
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
