// The statements that ran, each with the plan that Postgres used: auto_explain sends them to the client as notices. Nothing is
// explained a second time, so writes and plans of prepared statements are seen as they are.
import pg from 'pg';
import { z } from 'zod';
import { onServer } from '../../test/support/servers.ts';
import { nameOf } from '../nightly/databases.ts';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string | undefined;
  readonly 'Rows Removed by Filter'?: number | undefined;
  readonly 'Shared Hit Blocks'?: number | undefined;
  readonly 'Shared Read Blocks'?: number | undefined;
  readonly 'Actual Loops'?: number | undefined;
  readonly Plans?: readonly PlanNode[] | undefined;
}

const nodeSchema: z.ZodType<PlanNode> = z.object({
  'Node Type': z.string(),
  'Relation Name': z.string().optional(),
  'Rows Removed by Filter': z.number().optional(),
  'Shared Hit Blocks': z.number().optional(),
  'Shared Read Blocks': z.number().optional(),
  'Actual Loops': z.number().optional(),
  Plans: z.array(z.lazy(() => nodeSchema)).optional(),
});
const planSchema = z.object({ 'Query Text': z.string(), Plan: nodeSchema });

export interface Statement {
  readonly text: string;
  calls: number;
  /** Of the slowest call. */
  maxMs: number;
  /** Pages that one call read, from memory or disk: the largest number. */
  maxPages: number;
  /** Tables that were read from their beginning to their end. */
  readonly scanned: Set<string>;
  /** Rows that a scan read and left out, in one call. */
  maxRemoved: number;
}

const SETTINGS: Readonly<Record<string, string>> = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_buffers': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_format': 'json',
  client_min_messages: 'log',
  // The log of the server gets none of it.
  log_min_messages: 'panic',
};

/** For connections that are opened later. Needs a superuser, and the extensions that come with Postgres. */
export async function explainEverything(databaseUrl: string): Promise<void> {
  const name = nameOf(databaseUrl);
  const settings = Object.entries(SETTINGS).map(([key, value]) => `alter database ${name} set ${key} = '${value}'`);
  await onServer(databaseUrl, "load 'auto_explain'", ...settings);
}

export async function explainNothing(databaseUrl: string): Promise<void> {
  await onServer(databaseUrl, `alter database ${nameOf(databaseUrl)} reset all`);
}

let current: Map<string, Statement> | null = null;

const { connect } = pg.Client.prototype;
pg.Client.prototype.connect = function listening(this: pg.Client, ...args: unknown[]) {
  this.on('notice', ({ message }) => record(message ?? ''));
  return Reflect.apply(connect, this, args);
} as typeof connect;

/** The statements that this process runs during the work, by their text; without those marked as of the benchmark. */
export async function statementsOf(work: () => Promise<unknown>): Promise<readonly Statement[]> {
  const statements = new Map<string, Statement>();
  current = statements;
  try {
    await work();
  } finally {
    current = null;
  }
  return [...statements.values()];
}

function record(message: string): void {
  const [, duration, json] = /^duration: ([\d.]+) ms\s+plan:\s*(\{.*\})\s*$/s.exec(message) ?? [];
  if (current === null || duration === undefined || json === undefined) return;
  const { 'Query Text': query, Plan: plan } = planSchema.parse(JSON.parse(json));
  const text = query.replaceAll(/\s+/g, ' ').trim();
  if (text.startsWith('/* bench */')) return;
  const entry = current.get(text) ?? { text, calls: 0, maxMs: 0, maxPages: 0, scanned: new Set(), maxRemoved: 0 };
  current.set(text, entry);
  entry.calls += 1;
  entry.maxMs = Math.max(entry.maxMs, Number(duration));
  entry.maxPages = Math.max(entry.maxPages, (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0));
  for (const node of nodesOf(plan)) {
    const wasRun = (node['Actual Loops'] ?? 0) > 0;
    if (wasRun && node['Node Type'] === 'Seq Scan') entry.scanned.add(node['Relation Name'] ?? '');
    if (wasRun) entry.maxRemoved = Math.max(entry.maxRemoved, node['Rows Removed by Filter'] ?? 0);
  }
}

function nodesOf(node: PlanNode): readonly PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}
