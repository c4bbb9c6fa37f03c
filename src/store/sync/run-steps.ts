// The steps that runs have reached: a killed run continues where it stopped. The counters of a run
// are in runs.progress.
import { type Kysely, sql } from 'kysely';
import { jsonRows } from '../json-rows.ts';
import type { RunStep } from '../tables/runs.ts';
import type { Tables } from '../tables/tables.ts';

export interface SavedRunStep {
  readonly step: RunStep;
  /** Empty for steps of the whole run. */
  readonly crm: string;
  /** Null: in progress, `detail` is the position reached. */
  readonly completed_at: Date | null;
  readonly detail: unknown;
}

export async function listRunSteps(db: Kysely<Tables>, runId: number): Promise<readonly SavedRunStep[]> {
  return db
    .selectFrom('run_steps')
    .select(['step', 'crm', 'completed_at', 'detail'])
    .where('run_id', '=', runId)
    .orderBy('completed_at')
    .execute();
}

export function findStep(steps: readonly SavedRunStep[], step: RunStep, crm = ''): SavedRunStep | null {
  return steps.find((saved) => saved.step === step && saved.crm === crm) ?? null;
}

/** Null while the step is not completed. */
export function stepCompletedAt(steps: readonly SavedRunStep[], step: RunStep, crm = ''): Date | null {
  return findStep(steps, step, crm)?.completed_at ?? null;
}

export function isStepDone(steps: readonly SavedRunStep[], step: RunStep, crm = ''): boolean {
  return stepCompletedAt(steps, step, crm) !== null;
}

interface StepUpdate {
  readonly step: RunStep;
  readonly crm?: string;
  readonly completedAt: Date | null;
  readonly detail?: unknown;
}

/**
 * Saves steps; a stored step is replaced. The run is running from now on, also when it was queued.
 * @param counters replace those of the same name in the run's progress
 */
export async function saveRunSteps(
  db: Kysely<Tables>,
  runId: number,
  steps: readonly StepUpdate[],
  { now, counters = {} }: { readonly now: Date; readonly counters?: Readonly<Record<string, number>> },
): Promise<void> {
  const rows = steps.map(({ step, crm = '', completedAt, detail = null }) => {
    return { step, crm, completed_at: completedAt?.toISOString() ?? null, detail };
  });
  await sql`
    with run as (
      update leadgrade.runs set state = 'running', heartbeat_at = ${now},
        progress = progress || ${JSON.stringify(counters)}::jsonb
      where id = ${runId} returning id
    )
    insert into leadgrade.run_steps (run_id, step, crm, completed_at, detail)
    select run.id, t.step, t.crm, t.completed_at, t.detail
    from run, ${jsonRows(rows)} as t (step text, crm text, completed_at timestamptz, detail jsonb)
    on conflict (run_id, step, crm)
    do update set completed_at = excluded.completed_at, detail = excluded.detail`.execute(db);
}

/**
 * Completes a step of a run that is running. A stored step stays as it is, and so does a run that
 * has ended.
 */
export async function completeStepOnce(
  db: Kysely<Tables>,
  runId: number,
  { step, detail = null }: Pick<StepUpdate, 'step' | 'detail'>,
  now: Date,
): Promise<void> {
  await sql`
    with run as (
      update leadgrade.runs set heartbeat_at = ${now} where id = ${runId} and state = 'running' returning id
    )
    insert into leadgrade.run_steps (run_id, step, completed_at, detail)
    select id, ${step}, ${now}, ${detail === null ? null : JSON.stringify(detail)}::jsonb from run
    on conflict (run_id, step, crm) do nothing`.execute(db);
}

/** Completes `streams-synced` of a CRM for all runs that have marked their work. */
export async function markRunsSynced(db: Kysely<Tables>, crm: string, now: Date): Promise<void> {
  await sql`
    with run as (
      update leadgrade.runs set heartbeat_at = ${now}
      where state = 'running' and id in (select run_id from leadgrade.run_steps where step = 'work-marked')
      returning id
    )
    insert into leadgrade.run_steps (run_id, step, crm, completed_at)
    select id, 'streams-synced', ${crm}, ${now} from run
    on conflict (run_id, step, crm) do nothing`.execute(db);
}
