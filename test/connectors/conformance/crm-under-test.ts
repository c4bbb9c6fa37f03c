// A sandbox CRM of any kind and its connector, as the conformance suite uses them.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { loadConnector } from '../../../connectors/registry.ts';
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
import { type ConformanceFixture, control, fixtureSchema, type SandboxCrm } from './fixture.ts';

export const TARGET = {
  statuses: [
    { value: 'hot', label: 'Hot' },
    { value: 'cold', label: 'Cold' },
  ],
};
const IMPATIENT: RetryOptions = { timeoutMs: 2_000, retries: 2, initialDelayMs: 1, maxThrottleWaitMs: 50 };

/** @throws when the connector has no fixture */
export async function fixtureOf(crm: string): Promise<ConformanceFixture> {
  const file = join(import.meta.dirname, `${crm}.ts`);
  if (!existsSync(file)) throw new Error(`connectors/${crm} has no fixture: write test/conformance/${crm}.ts`);
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
  /** Lets that much time pass, for the CRM and for us. */
  pass(ms: number): void;
  /** Another process. */
  connect(patience?: Partial<RetryOptions>): CrmConnector;
  pull(connector: CrmConnector, cursor: Cursor | null): Promise<readonly ChangePage[]>;
  /** All pages of all records that are there. */
  present(): Promise<{ readonly refs: readonly RecordRef[]; readonly pages: number }>;
  setUp(): Promise<readonly string[]>;
  fetched(ref: RecordRef): Promise<FetchedLead | undefined>;
  /** Polls until nothing comes any more; every record that came. */
  poll(cursor: Cursor): Promise<{ readonly dirty: readonly DirtyRecord[]; readonly cursor: Cursor }>;
  /** What our fields hold in the CRM itself. */
  holds(ref: RecordRef): Promise<ScoreFieldValues>;
  /** Something goes wrong with every call, or with the first `times`. */
  fault(action: object, times?: number): Promise<void>;
  mend(): Promise<void>;
  /** How many calls the CRM received, logins left out. */
  received(): Promise<number>;
  close(): Promise<void>;
}

export async function openCrm(crm: string, { people = 3, hidden = false } = {}): Promise<CrmUnderTest> {
  const [fixture, module] = [await fixtureOf(crm), await loadConnector(crm)];
  const started = performance.now();
  let passed = 0;
  const clock = { now: () => new Date(Date.parse('2026-03-10T12:00:00Z') + performance.now() - started + passed) };
  const sandbox = await fixture.start({ people, clock, hidden });
  const { url, calls } = sandbox;
  const mapping = mappingOf(crm);
  const settings = module.settingsSchema.parse(sandbox.settings);
  const { signal } = new AbortController();
  const connectors: CrmConnector[] = [];
  const connect: CrmUnderTest['connect'] = (patience = {}) => {
    const limiter = createMemoryLimiter({ pace: true });
    const connector = module.create({ settings, mapping, limiter, clock, patience: { ...IMPATIENT, ...patience } });
    connectors.push(connector);
    return connector;
  };
  const connector = connect();
  const records = connector.streams.find(({ listsObject }) => listsObject === fixture.object);
  if (records === undefined) throw new Error(`no stream of ${crm} lists ${fixture.object}`);
  const pull: CrmUnderTest['pull'] = async (from, cursor) => {
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
    pass: (ms) => {
      passed += ms;
    },
    connect,
    pull,
    present: async () => {
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
    fetched: async (ref) => (await connector.fetchLeads([ref], signal)).find((each) => isSame(each.ref, ref)),
    poll: async (cursor) => {
      const pages = await pull(connector, cursor);
      return { dirty: pages.flatMap(({ dirty }) => dirty), cursor: pages.at(-1)?.cursor ?? cursor };
    },
    holds: async (ref) => {
      const record = await sandbox.record(ref);
      const held = writtenFields(mapping).map(({ field, property }) => [field, asWritten(field, record[property])]);
      return Object.fromEntries(held);
    },
    fault: async (action, times) => {
      const match = { path: calls, ...(times === undefined ? {} : { times }) };
      await control(url, 'PUT', 'faults', [{ match, action }]);
    },
    mend: async () => void (await control(url, 'PUT', 'faults', [])),
    received: async () => {
      const lines = z
        .string()
        .parse(await control(url, 'GET', 'log'))
        .split('\n');
      const paths = lines.filter((line) => line !== '').map((line) => logSchema.parse(JSON.parse(line)).path);
      return paths.filter((path) => new RegExp(calls).test(path)).length;
    },
    close: async () => {
      for (const each of connectors) await each.close();
      await sandbox.close();
    },
  };
}

export function isSame(a: RecordRef, b: RecordRef): boolean {
  return a.object === b.object && a.id === b.id;
}

/** CRMs hold numbers as texts, and instants in forms of their own. */
function asWritten(field: string, held: unknown): string | number | null {
  if (held === null || held === undefined || held === '') return null;
  if (field.endsWith('_score')) return Number(held);
  return field === 'scored_at'
    ? new Date(/^\d+$/.test(String(held)) ? Number(held) : String(held)).toISOString()
    : String(held);
}
