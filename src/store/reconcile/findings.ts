// What the nightly reconciliation found: counted per stream, kept as the detail of a step of its run.
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { listRunSteps, saveRunSteps } from '../sync/run-steps.ts';
import type { Tables } from '../tables/tables.ts';

/** What a reconciliation found, in items or records. */
export interface Findings {
  /** Not known before, or changed later than the stream was read. */
  readonly late: number;
  /** No longer existing, or of another record now. */
  readonly deleted: number;
  /** Changed without a new modification time. */
  readonly changed: number;
}

export const NO_FINDINGS: Findings = { late: 0, deleted: 0, changed: 0 };

export function addFindings(a: Findings, b: Findings): Findings {
  return { late: a.late + b.late, deleted: a.deleted + b.deleted, changed: a.changed + b.changed };
}

const STEP = 'reconciliation-findings';

const countSchema = z.number().int().min(0);
const findingsSchema = z.record(
  z.string(),
  z.object({ late: countSchema, deleted: countSchema, changed: countSchema }),
);

/** By stream. */
export type StreamFindings = Readonly<Record<string, Findings>>;

/** Adds what was found in a stream to the findings of the run. */
export async function recordFindings(
  db: Kysely<Tables>,
  { runId, crm, stream }: { readonly runId: number; readonly crm: string; readonly stream: string },
  found: Findings,
  now: Date,
): Promise<void> {
  if (found.late + found.deleted + found.changed === 0) return;
  const known = (await findingsOfRun(db, runId))[crm] ?? {};
  const detail = { ...known, [stream]: addFindings(known[stream] ?? NO_FINDINGS, found) };
  await saveRunSteps(db, runId, [{ step: STEP, crm, completedAt: now, detail }], { now });
}

/** What the run found, by CRM and stream. */
export async function findingsOfRun(
  db: Kysely<Tables>,
  runId: number,
): Promise<Readonly<Record<string, StreamFindings>>> {
  const steps = (await listRunSteps(db, runId)).filter(({ step }) => step === STEP);
  return Object.fromEntries(steps.map(({ crm, detail }) => [crm, findingsSchema.safeParse(detail).data ?? {}]));
}
