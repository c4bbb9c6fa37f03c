// What the demo cost in API calls, from the sandboxes' own logs, and the fewest calls that could have done it.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../../src/store/tables/tables.ts';
import { type LoggedCall, loggedCalls, type SandboxAddress } from './sandbox-log.ts';

/** How a CRM is read and written at best. */
interface Pages {
  /** The largest page that it allows; of some streams it allows more. */
  readonly page: number;
  readonly pageOf: Readonly<Record<string, number>>;
  readonly batch: number;
  /** Records of one batch are of one kind, which the beginning of the id tells. */
  readonly kindLength: number;
  /** Companies are read apart from their people. */
  readonly hasCompanies: boolean;
  isWrite(call: LoggedCall): boolean;
}

const PAGES: Readonly<Record<string, Pages>> = {
  hubspot: {
    page: 100,
    pageOf: { marketing_emails: 1000, lists: 250 },
    batch: 100,
    kindLength: 0,
    hasCompanies: true,
    isWrite: ({ path }) => path.endsWith('/contacts/batch/update'),
  },
  salesforce: {
    page: 2_000,
    pageOf: {},
    batch: 200,
    kindLength: 3,
    hasCompanies: false,
    isWrite: ({ method, path }) => method === 'PATCH' && path.endsWith('/composite/sobjects'),
  },
};

export interface Calls {
  readonly reads: number;
  readonly writes: number;
  /** Ids of the records in those writes. */
  readonly written: readonly string[];
}

/** The calls from the log's entry `from` on, and where the log ends. */
export async function callsSince(
  crm: string,
  sandbox: SandboxAddress,
  from: number,
): Promise<Calls & { readonly end: number }> {
  const log = await loggedCalls(sandbox);
  const calls = log.slice(from);
  const writes = calls.filter((call) => pagesOf(crm).isWrite(call));
  const written = writes.flatMap(({ ids = [] }) => ids);
  return { reads: calls.length - writes.length, writes: writes.length, written, end: log.length };
}

/** Full pages of everything that was read, and nothing else. */
export async function fewestReads(db: Kysely<Tables>, crm: string): Promise<number> {
  const { page, pageOf, hasCompanies } = pagesOf(crm);
  const { rows } = await sql<{ items: number; stream: string }>`
    select count(*) as items, object as stream from leadgrade.records where crm = ${crm} and state = 'live' group by object
    union all select count(distinct company_id), 'companies' from leadgrade.records where crm = ${crm} and state = 'live'
    union all select count(distinct id), stream from leadgrade.activities where crm = ${crm} and gone_at is null
      group by stream`.execute(db);
  const counted = rows.filter(({ stream }) => hasCompanies || stream !== 'companies');
  return counted.reduce((sum, { items, stream }) => sum + Math.ceil(Number(items) / (pageOf[stream] ?? page)), 0);
}

export function fewestWrites(crm: string, written: readonly string[]): number {
  const { batch, kindLength } = pagesOf(crm);
  const kinds = Map.groupBy(written, (id) => id.slice(0, kindLength));
  return [...kinds.values()].reduce((sum, ids) => sum + Math.ceil(ids.length / batch), 0);
}

function pagesOf(crm: string): Pages {
  const pages = PAGES[crm];
  if (pages === undefined) throw new Error(`The demo does not know how ${crm} is read at best.`);
  return pages;
}
