// A sandbox CRM of any kind with its connector, for the conformance suite.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { loadConnector } from '../../../connectors/registry.ts';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import type {
  ChangePage,
  ChangeStream,
  CrmConnector,
  Cursor,
  DirtyRecord,
  FetchedLead,
  RecordListing,
  RecordRef,
  RetryOptions,
} from '../../../src/crm/connector.ts';
import type { ScoreFieldValues } from '../../../src/domain/score-fields.ts';
import { type Mapping, readMapping } from '../../../src/mapping/mapping.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import { createMemoryLimiter } from '../../support/memory-limiter.ts';
import { control } from '../../support/sandbox-crm.ts';
import { type ConformanceFixture, fixtureSchema, type SandboxCrm } from './fixture.ts';

export const TARGET = {
  statuses: [
    { value: 'hot', label: 'Hot' },
    { value: 'cold', label: 'Cold' },
  ],
};
const SHORT_RETRIES: RetryOptions = { timeoutMs: 2_000, retries: 2, initialDelayMs: 1, maxThrottleWaitMs: 50 };

/** @throws when the connector has no fixture */
export async function fixtureOf(crm: string): Promise<ConformanceFixture> {
  const file = join(import.meta.dirname, `${crm}.ts`);
  if (!existsSync(file))
    throw new Error(`connectors/${crm} has no fixture. Add test/connectors/conformance/${crm}.ts.`);
  const loaded: unknown = await import(file);
  return z.object({ fixture: fixtureSchema }).parse({ ...(typeof loaded === 'object' ? loaded : {}) }).fixture;
}

export function mappingOf(crm: string): Mapping {
  const file = `mappings/${crm}.yaml`;
  const { mapping, problems } = readMapping(readFileSync(file, 'utf8'), file);
  if (mapping === null) throw new Error(JSON.stringify(problems));
  return mapping;
}

const logSchema = z.object({ method: z.string(), path: z.string(), query: z.string() });

export interface CrmUnderTest {
  readonly fixture: ConformanceFixture;
  readonly sandbox: SandboxCrm;
  readonly connector: CrmConnector;
  readonly signal: AbortSignal;
  /** The stream that lists the fixture's object. */
  readonly records: ChangeStream;
  /** Advances the clock of the CRM and of the connectors. */
  advanceClock(ms: number): void;
  /** A connector of another process. */
  connect(retryOptions?: Partial<RetryOptions>): CrmConnector;
  sync(connector: CrmConnector, cursor: Cursor | null): Promise<readonly ChangePage[]>;
  /** All pages of `listAllRecords`. */
  listAll(): Promise<{ readonly refs: readonly RecordRef[]; readonly pages: number }>;
  setUp(): Promise<readonly string[]>;
  fetchLead(ref: RecordRef): Promise<FetchedLead | undefined>;
  /** One sync from the cursor: its dirty records and its last cursor. */
  poll(cursor: Cursor): Promise<{ readonly dirty: readonly DirtyRecord[]; readonly cursor: Cursor }>;
  /** The values of Leadgrade's fields in the CRM itself. */
  crmValues(ref: RecordRef): Promise<ScoreFieldValues>;
  /** Makes every call fail, or the first `times` calls. */
  injectFault(action: object, times?: number): Promise<void>;
  clearFaults(): Promise<void>;
  /** The number of calls that the CRM received, without logins. */
  receivedCalls(): Promise<number>;
}

/** Closed with the test that opens it. */
export async function openCrm(crm: string, { people = 3, hidden = false } = {}): Promise<CrmUnderTest> {
  const [fixture, module] = [await fixtureOf(crm), await loadConnector(crm)];
  const started = performance.now();
  let advancedMs = 0;
  const clock = { now: () => new Date(Date.parse('2026-03-10T12:00:00Z') + performance.now() - started + advancedMs) };
  const sandbox = await fixture.start({ people, clock, hidden });
  endWithTest(sandbox.close);
  const { url, calls } = sandbox;
  const mapping = mappingOf(crm);
  const settings = module.settingsSchema.parse(sandbox.settings);
  const { signal } = new AbortController();
  const connect: CrmUnderTest['connect'] = (retryOptions = {}) => {
    const limiter = createMemoryLimiter({ pace: true });
    const connector = module.create({
      settings,
      mapping,
      limiter,
      clock,
      retryOptions: { ...SHORT_RETRIES, ...retryOptions },
    });
    endWithTest(() => connector.close());
    return connector;
  };
  const connector = connect();
  const records = connector.streams.find(({ listsObject }) => listsObject === fixture.object);
  if (records === undefined) throw new Error(`no stream of ${crm} lists ${fixture.object}`);
  const sync: CrmUnderTest['sync'] = async (from, cursor) => {
    const pages: ChangePage[] = [];
    for await (const page of from.listChanges(records, cursor, signal)) pages.push(page);
    return pages;
  };
  return {
    fixture,
    sandbox,
    connector,
    signal,
    records,
    advanceClock: (ms) => {
      advancedMs += ms;
    },
    connect,
    sync,
    listAll: async () => {
      const refs: RecordRef[] = [];
      let pages = 0;
      let after: string | null = null;
      do {
        const page: RecordListing | undefined = await connector.listAllRecords?.(after, signal);
        refs.push(...(page?.refs ?? []));
        after = page?.after ?? null;
        pages += 1;
      } while (after !== null);
      return { refs, pages };
    },
    setUp: async () => {
      const states: string[] = [];
      for await (const { state } of connector.applySetup(TARGET, { dryRun: false }, signal)) states.push(state);
      return states;
    },
    fetchLead: async (ref) => (await connector.fetchLeads([ref], signal)).find((lead) => isSame(lead.ref, ref)),
    poll: async (cursor) => {
      const pages = await sync(connector, cursor);
      return { dirty: pages.flatMap(({ dirty }) => dirty), cursor: pages.at(-1)?.cursor ?? cursor };
    },
    crmValues: async (ref) => {
      const record = await sandbox.record(ref);
      const values = writtenFields(mapping).map(({ field, property }) => [field, asWritten(field, record[property])]);
      return Object.fromEntries(values);
    },
    injectFault: async (action, times) => {
      const match = { path: calls, ...(times === undefined ? {} : { times }) };
      await control(url, 'PUT', 'faults', [{ match, action }]);
    },
    clearFaults: async () => void (await control(url, 'PUT', 'faults', [])),
    receivedCalls: async () => {
      const lines = z
        .string()
        .parse(await control(url, 'GET', 'log'))
        .split('\n');
      const paths = lines.filter((line) => line !== '').map((line) => logSchema.parse(JSON.parse(line)).path);
      return paths.filter((path) => new RegExp(calls).test(path)).length;
    },
  };
}

export function isSame(a: RecordRef, b: RecordRef): boolean {
  return a.object === b.object && a.id === b.id;
}

/** CRMs store numbers as text, and instants in formats of their own. */
function asWritten(field: string, value: unknown): string | number | null {
  if (value === null || value === undefined || value === '') return null;
  if (field.endsWith('_score')) return Number(value);
  return field === 'scored_at'
    ? new Date(/^\d+$/.test(String(value)) ? Number(value) : String(value)).toISOString()
    : String(value);
}
