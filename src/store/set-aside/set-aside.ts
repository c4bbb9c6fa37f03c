// What is set aside: parts of streams, streams and records that could not be read, objects that
// could not be written. Everything here is tried again by itself.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { ReadFailure, RecordRef, StreamPart } from '../../domain/crm-changes.ts';
import { FIRST_RETRY_MS, MAX_RETRY_MS, MAX_TEMPORARY_RETRY_MS } from '../../domain/limits/retry-delays.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

/**
 * The kinds that jobs set aside; all others are parts that a connector names. With an empty ID:
 * - `stream`: a whole stream.
 * - `records`, `counters`, `links`: reading the records of an object, dating their counters,
 *   comparing their links. `record`, or these two kinds with an ID: one record of it.
 * - `named-item`: one item of a stream, which a webhook named.
 * - `write`, `bulk-write`: writing the records of an object, or its bulk job.
 * - `item`: one item of a stream that the database refuses; the ID is that of its activity.
 * - `match`: finding the person of one record, whose object is the `stream`.
 * - `erasure`: erasing one record of that object, as a webhook asks for; its event stays in the inbox.
 * - `site-event`: finding the person of one event of the site; `SITE` is its CRM.
 * - `check`: a call about the whole CRM: `account`, `availability`, `deletions`; or the nightly
 *   comparison of a stream.
 */
export const OWN_KINDS = [
  'stream',
  'records',
  'record',
  'counters',
  'links',
  'named-item',
  'item',
  'match',
  'erasure',
  'site-event',
  'write',
  'bulk-write',
  'check',
] as const;
export type OwnKind = (typeof OWN_KINDS)[number];

/** Identifies one thing of a CRM. */
export interface SetAsideKey extends StreamPart {
  /** The stream; for a record its object. */
  readonly stream: string;
}

export interface NewSetAside extends SetAsideKey {
  readonly failure: ReadFailure;
  /** The CRM may succeed by itself. Default: as the failure says. */
  readonly isTemporary?: boolean;
  /** Until the next attempt; default: minutes, then hours. */
  readonly delayMs?: number;
}

export interface SetAsideThing extends SetAsideKey {
  readonly code: string;
}

export interface CrmThing extends SetAsideThing {
  readonly crm: string;
}

/** What a step changed. */
export interface ChangedSetAside {
  /** They were not set aside before. */
  readonly setAside: readonly CrmThing[];
  readonly recovered: readonly CrmThing[];
}

/**
 * Sets things aside, or counts one more failed attempt.
 * @returns those that were not set aside before
 */
export async function saveSetAside(
  db: Db,
  crm: string,
  things: readonly NewSetAside[],
  now: Date,
): Promise<readonly SetAsideThing[]> {
  if (things.length === 0) return [];
  const rows = things.map(
    ({ stream, kind, id, failure, isTemporary = failure.isTemporary ?? false, delayMs = null }) => ({
      ...{ stream, kind, id: indexable(id), code: failure.code, message: failure.message, fix: failure.fix },
      ...{ is_temporary: isTemporary, delay_ms: delayMs, max_ms: isTemporary ? MAX_TEMPORARY_RETRY_MS : MAX_RETRY_MS },
    }),
  );
  const next = (attempts: ReturnType<typeof sql>) => sql`${now}::timestamptz
    + least(${MAX_RETRY_MS}, ${FIRST_RETRY_MS} * power(2, least(${attempts}, 20)))::double precision * interval '1 millisecond'`;
  // An update cannot read the delays of the new row, so both are computed before.
  const { rows: saved } = await sql<SetAsideThing & { attempts: number }>`
    with t as (
      select distinct on (n.stream, n.kind, n.id) n.*, coalesce(s.attempts, 0) as earlier
      from ${jsonRows(rows)} as n (stream text, kind text, id text, code text, message text, fix text, is_temporary boolean,
        delay_ms double precision, max_ms double precision)
      left join leadgrade.set_aside s on s.crm = ${crm} and s.stream = n.stream and s.kind = n.kind and s.part_id = n.id
    )
    insert into leadgrade.set_aside as s (crm, stream, kind, part_id, code, message, fix, is_temporary, since, retry_at)
    select ${crm}, stream, kind, id, code, message, fix, is_temporary, ${now},
      least(case when delay_ms is null then ${next(sql`earlier`)} else ${now}::timestamptz + delay_ms * interval '1 millisecond' end,
        case when delay_ms is null then ${now}::timestamptz + max_ms * interval '1 millisecond' end)
    from t order by stream, kind, id
    on conflict (crm, stream, kind, part_id)
    do update set code = excluded.code, message = excluded.message, fix = excluded.fix,
      is_temporary = excluded.is_temporary, attempts = s.attempts + 1, retry_at = excluded.retry_at
    returning s.stream, s.kind, s.part_id as id, s.code, s.attempts`.execute(db);
  return saved.filter(({ attempts }) => attempts === 1);
}

/** An index holds no longer text. No CRM has an ID of that length. */
const MAX_ID_LENGTH = 500;

function indexable(id: string): string {
  return id.slice(0, MAX_ID_LENGTH);
}

/** Deletes things that were read or written. @returns those that were set aside */
export async function clearSetAside(
  db: Db,
  crm: string,
  keys: readonly SetAsideKey[],
): Promise<readonly SetAsideThing[]> {
  if (keys.length === 0) return [];
  const rows = keys.map(({ stream, kind, id }) => ({ stream, kind, id: indexable(id) }));
  const { rows: cleared } = await sql<SetAsideThing>`
    delete from leadgrade.set_aside s using ${jsonRows(rows)} as t (stream text, kind text, id text)
    where s.crm = ${crm} and s.stream = t.stream and s.kind = t.kind and s.part_id = t.id
    returning s.stream, s.kind, s.part_id as id, s.code`.execute(db);
  return cleared;
}

/** Deletes what is set aside of these records: they were erased. */
export async function clearSetAsideRecords(
  db: Db,
  crm: string,
  refs: readonly RecordRef[],
): Promise<readonly SetAsideThing[]> {
  const kinds: readonly OwnKind[] = ['record', 'counters', 'links', 'match', 'erasure'];
  return clearSetAside(
    db,
    crm,
    refs.flatMap(({ object, id }) => kinds.map((kind) => ({ stream: object, kind, id }))),
  );
}

/** Deletes what is set aside of a stream, with its parts: it is unavailable, or read by a counter. */
export async function clearSetAsideStream(db: Db, crm: string, stream: string): Promise<void> {
  const ofStream: readonly OwnKind[] = ['stream', 'named-item', 'item'];
  const others = OWN_KINDS.filter((kind) => !ofStream.includes(kind));
  await sql`
    delete from leadgrade.set_aside
    where crm = ${crm} and stream = ${stream} and kind <> all(${others}::text[])`.execute(db);
}

/**
 * Deletes what no job tries again: streams that the mapping no longer reads.
 * @param known all names that `stream` can have
 */
export async function deleteUnknown(db: Db, crm: string, known: readonly string[]): Promise<void> {
  await sql`delete from leadgrade.set_aside where crm = ${crm} and stream <> all(${known}::text[])`.execute(db);
}

/** Makes everything due now: an operator may have removed the reason. @returns the number of things */
export async function retrySetAside(
  db: Db,
  now: Date,
  { crm = null }: { readonly crm?: string | null } = {},
): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    update leadgrade.set_aside set retry_at = ${now}
    where ${crm}::text is null or crm = ${crm}`.execute(db);
  return Number(numAffectedRows);
}
