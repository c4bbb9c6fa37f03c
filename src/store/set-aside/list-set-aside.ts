// Queries of what is set aside.
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { RecordLink, StreamPart } from '../../domain/crm-changes.ts';
import { PATIENCE_MS } from '../../domain/limits/retry-delays.ts';
import { SITE } from '../../domain/site-event.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';
import { OWN_KINDS, type OwnKind, type SetAsideKey } from './set-aside.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export interface ListedSetAside extends SetAsideKey {
  /** The number of its entry in the error list. */
  readonly entry: number;
  readonly crm: string;
  readonly code: string;
  readonly message: string;
  readonly fix: string | null;
  readonly isTemporary: boolean;
  readonly since: Date;
  readonly attempts: number;
  readonly retryAt: Date;
}

/** The site's own events are always read. */
function isListed(crms: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`crm = any(${[...crms, SITE]}::text[])`;
}

interface ListOptions {
  /** The CRMs that are set up. */
  readonly crms: readonly string[];
  /** Default: 0. */
  readonly after?: number;
  /** Default: no limit. */
  readonly limit?: number;
  /** Only what is set aside of these records; default: everything. */
  readonly records?: readonly RecordLink[] | null;
}

/** Everything that is set aside, oldest first. */
export async function listSetAside(
  db: Db,
  { crms, after = 0, limit = 1_000_000, records = null }: ListOptions,
): Promise<readonly ListedSetAside[]> {
  const { rows } = await sql<ListedSetAside>`
    select id as entry, crm, stream, kind, part_id as id, code, message, fix, is_temporary as "isTemporary", since, attempts,
      retry_at as "retryAt"
    from leadgrade.set_aside where ${isListed(crms)} and id > ${after} and ${isOf(records)}
    order by id limit ${limit}`.execute(db);
  return rows.map((row) => ({ ...row, entry: Number(row.entry) }));
}

/** Whether a row concerns one of the records: its read, its counters, its links or its write. */
function isOf(records: readonly RecordLink[] | null) {
  if (records === null) return sql<boolean>`true`;
  const rows = jsonRows(records.map(({ crm, object, id }) => ({ crm, object, id })));
  return sql<boolean>`(crm, stream, part_id) in (select crm, object, id from ${rows} as t (crm text, object text, id text))`;
}

/** Things of one kind and code, counted. */
export interface SetAsideGroup {
  readonly crm: string;
  readonly stream: string;
  readonly kind: string;
  readonly code: string;
  readonly count: number;
  /** The IDs of the first three. */
  readonly ids: readonly string[];
  readonly fix: string | null;
  readonly since: Date;
  /** The earliest next attempt. */
  readonly retryAt: Date;
}

/** What is set aside, grouped by stream, kind and code. */
export async function groupSetAside(db: Db, crms: readonly string[]): Promise<readonly SetAsideGroup[]> {
  const { rows } = await sql<SetAsideGroup>`
    select crm, stream, kind, code, count(*)::integer as count, (array_agg(part_id order by id))[1:3] as ids, max(fix) as fix,
      min(since) as since, min(retry_at) as "retryAt"
    from leadgrade.set_aside where ${isListed(crms)}
    group by crm, stream, kind, code order by crm, stream, kind, code`.execute(db);
  return rows;
}

/** The things of one kind, or of one stream. */
export async function setAsideOf(
  db: Db,
  { crm, stream, kind }: { readonly crm: string; readonly stream?: string; readonly kind: OwnKind },
): Promise<readonly ListedSetAside[]> {
  const all = await listSetAside(db, { crms: [crm] });
  return all.filter((row) => row.kind === kind && (stream === undefined || row.stream === stream));
}

/** Whether the whole of it is set aside, and not due for another attempt. */
export async function isSkipped(
  db: Db,
  crm: string,
  { stream, kind }: { readonly stream: string; readonly kind: OwnKind },
  now: Date,
): Promise<boolean> {
  const row = await db
    .selectFrom('set_aside')
    .select('retry_at')
    .where('crm', '=', crm)
    .where('stream', '=', stream)
    .where('kind', '=', kind)
    .where('part_id', '=', '')
    .executeTakeFirst();
  return row !== undefined && row.retry_at > now;
}

/** The streams that have been set aside at least since an instant. */
export async function streamsSetAsideSince(db: Db, crm: string, since: Date): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ stream: string }>`
    select stream from leadgrade.set_aside
    where crm = ${crm} and kind = 'stream' and part_id = '' and since <= ${since}`.execute(db);
  return new Set(rows.map(({ stream }) => stream));
}

/** Whether a run still waits for the stream, which fails temporarily. */
export async function isAwaited(db: Db, crm: string, stream: string, now: Date): Promise<boolean> {
  const patience = new Date(now.getTime() - PATIENCE_MS);
  const { rows } = await sql`
    select from leadgrade.set_aside
    where crm = ${crm} and stream = ${stream} and kind = 'stream' and is_temporary and since > ${patience}`.execute(db);
  return rows.length > 0;
}

/** The parts of a stream that its connector has named. */
export async function partsOfStream(
  db: Db,
  { crm, stream }: { readonly crm: string; readonly stream: string },
): Promise<readonly (StreamPart & { readonly retryAt: Date })[]> {
  const { rows } = await sql<StreamPart & { readonly retryAt: Date }>`
    select kind, part_id as id, retry_at as "retryAt" from leadgrade.set_aside
    where crm = ${crm} and stream = ${stream} and kind <> all(${[...OWN_KINDS]}::text[]) order by id`.execute(db);
  return rows;
}
