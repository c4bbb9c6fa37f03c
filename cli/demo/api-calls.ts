// Counts the API calls of the demo in the logs of the sandboxes, and computes the minimum number of
// calls.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../../src/store/tables/tables.ts';
import { type LoggedCall, loggedCalls, type SandboxAddress } from './sandbox-log.ts';

/** The largest requests of a CRM. */
interface CrmLimits {
  /** The maximum page size; some streams have a larger one. */
  readonly pageSize: number;
  readonly pageSizeOf: Readonly<Record<string, number>>;
  readonly batchSize: number;
  /** A batch contains records of one object type: the length of its prefix in the ID. */
  readonly objectPrefixLength: number;
  /** Companies are read in requests of their own. */
  readonly readsCompanies: boolean;
  isWrite(call: LoggedCall): boolean;
}

const CRM_LIMITS: Readonly<Record<string, CrmLimits>> = {
  hubspot: {
    pageSize: 100,
    pageSizeOf: { marketing_emails: 1000, lists: 250 },
    batchSize: 100,
    objectPrefixLength: 0,
    readsCompanies: true,
    isWrite: ({ path }) => path.endsWith('/contacts/batch/update'),
  },
  salesforce: {
    pageSize: 2_000,
    pageSizeOf: {},
    batchSize: 200,
    objectPrefixLength: 3,
    readsCompanies: false,
    isWrite: ({ method, path }) => method === 'PATCH' && path.endsWith('/composite/sobjects'),
  },
};

export interface Calls {
  readonly reads: number;
  readonly writes: number;
  /** IDs of the records in these writes. */
  readonly written: readonly string[];
}

/** Calls from entry `from` of the log on; `end` is the length of the log. */
export async function callsSince(
  crm: string,
  sandbox: SandboxAddress,
  from: number,
): Promise<Calls & { readonly end: number }> {
  const log = await loggedCalls(sandbox);
  const calls = log.slice(from);
  const writes = calls.filter((call) => limitsOf(crm).isWrite(call));
  const written = writes.flatMap(({ ids = [] }) => ids);
  return { reads: calls.length - writes.length, writes: writes.length, written, end: log.length };
}

/** The number of full pages that contain everything that was read. */
export async function minimumReads(db: Kysely<Tables>, crm: string): Promise<number> {
  const { pageSize: page, pageSizeOf: pageOf, readsCompanies: hasCompanies } = limitsOf(crm);
  const { rows } = await sql<{ items: number; stream: string }>`
    select count(*) as items, object as stream from leadgrade.records where crm = ${crm} and state = 'live' group by object
    union all select count(distinct company_id), 'companies' from leadgrade.records where crm = ${crm} and state = 'live'
    union all select count(distinct id), stream from leadgrade.activities where crm = ${crm} and gone_at is null
      group by stream`.execute(db);
  const counted = rows.filter(({ stream }) => hasCompanies || stream !== 'companies');
  return counted.reduce((sum, { items, stream }) => sum + Math.ceil(Number(items) / (pageOf[stream] ?? page)), 0);
}

export function minimumWrites(crm: string, written: readonly string[]): number {
  const { batchSize: batch, objectPrefixLength: kindLength } = limitsOf(crm);
  const byObject = Map.groupBy(written, (id) => id.slice(0, kindLength));
  return [...byObject.values()].reduce((sum, ids) => sum + Math.ceil(ids.length / batch), 0);
}

function limitsOf(crm: string): CrmLimits {
  const limits = CRM_LIMITS[crm];
  if (limits === undefined) throw new Error(`The demo has no request limits for ${crm}.`);
  return limits;
}
