// What the demo cost in API calls, from the sandbox's own log, and the fewest calls that could have done it.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../../store/tables.ts';
import { loggedCalls, type SandboxAccess } from './sandbox-client.ts';

export interface Calls {
  readonly reads: number;
  readonly writes: number;
}

/** The largest page or batch that HubSpot allows; of some streams it allows more. */
const BATCH = 100;
const PAGE_OF: Readonly<Record<string, number>> = { marketing_emails: 1000, lists: 250 };

/** The calls from the log's entry `from` on, and where the log ends. */
export async function callsSince(sandbox: SandboxAccess, from: number): Promise<Calls & { readonly end: number }> {
  const log = await loggedCalls(sandbox);
  const calls = log.slice(from);
  const writes = calls.filter((call) => call.path.endsWith('/contacts/batch/update')).length;
  return { reads: calls.length - writes, writes, end: log.length };
}

/** Full pages of everything that was read, and nothing else. */
export async function fewestReads(db: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ items: number; stream: string | null }>`
    select count(*) as items, null as stream from leadgrade.records where state = 'live'
    union all select count(distinct company_id), null from leadgrade.records where state = 'live'
    union all select count(distinct id), stream from leadgrade.activities where gone_at is null group by stream`.execute(
    db,
  );
  const sizeOf = (stream: string | null) => PAGE_OF[stream ?? ''] ?? BATCH;
  return rows.reduce((sum, { items, stream }) => sum + Math.ceil(Number(items) / sizeOf(stream)), 0);
}

export function fewestWrites(written: number): number {
  return Math.ceil(written / BATCH);
}
