// Nightly: every stream of items is read once more, from RECONCILE_DAYS before its last complete
// reading, and its items are compared with the stored ones. This finds what the CRM showed late,
// what it deleted without a trace, and names of parents that moved no modification time. A stream
// that fails is left to the next night, which reads as much more; the others are reconciled.
import { z } from 'zod';
import type { ReconcilePage, ReconcileRequest } from '../../src/crm/reconcile.ts';
import type { ChangeStream } from '../../src/crm/streams.ts';
import {
  beginComparison,
  clearListing,
  comparisonState,
  savePosition,
  saveReconciled,
} from '../../src/store/reconcile/comparison-state.ts';
import { addFindings, NO_FINDINGS, recordFindings } from '../../src/store/reconcile/findings.ts';
import { findKnownActivities, listItems, listKnownIds } from '../../src/store/reconcile/known-activities.ts';
import { endComparison } from '../../src/store/reconcile/missing-items.ts';
import { saveReconciledPage } from '../../src/store/reconcile/save-reconciled-page.ts';
import { activePause } from '../../src/store/sync/crm-pauses.ts';
import { findStep, listRunSteps, saveRunSteps } from '../../src/store/sync/run-steps.ts';
import { streamState } from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { pauseOnFailure } from '../failure-policy.ts';
import { partFailureOrThrow } from '../failures/reachable.ts';
import { logRecovered, logSetAside, setAside, setAsideRecovered } from '../failures/set-aside.ts';
import { isOwnAccount } from '../read/account-check.ts';
import { isIncremental } from '../read/full-sync.ts';

const STEP = 'streams-reconciled';
const DAY_MS = 86_400_000;

/**
 * Activities that are older need no comparison: with the usual half-life of 30 days, less than
 * 0.03 % of their points is left. HubSpot's events are read from this age on, too.
 */
const HORIZON_MS = 365 * DAY_MS;

const progressSchema = z.object({ done: z.array(z.string()) });

export async function reconcileStreams(context: JobContext, crm: string, runId: number): Promise<void> {
  const mapped = context.crms.get(crm);
  if (!mapped?.connector.reconcileStream || (await activePause(context.db, crm, 'read', context.clock.now()))) return;
  // No retry: the next night reads what this one left out.
  await pauseOnFailure(
    context,
    { crm, direction: 'read' },
    () => reconcileAll(context, mapped, runId),
    async () => {},
  );
}

async function reconcileAll(context: JobContext, mapped: MappedCrm, runId: number): Promise<void> {
  const { db, clock, signal } = context;
  const { connector } = mapped;
  const crm = connector.id;
  const saved = findStep(await listRunSteps(db, runId), STEP, crm);
  if (saved?.completed_at || !(await isOwnAccount(context, connector))) return;
  let { done } = progressSchema.safeParse(saved?.detail).data ?? { done: [] };
  // Also the heartbeat of the run.
  const saveProgress = () =>
    saveRunSteps(db, runId, [{ step: STEP, crm, completedAt: null, detail: { done } }], { now: clock.now() });
  for (const stream of connector.streams.filter((each) => isOfItems(each) && !done.includes(each.id))) {
    await reconcileUnlessItFails(context, mapped, { stream, runId, saveProgress });
    if (signal.aborted) return;
    done = [...done, stream.id];
    await saveProgress();
  }
  const step = { step: STEP, crm, completedAt: clock.now(), detail: { done } } as const;
  await saveRunSteps(db, runId, [step], { now: clock.now() });
}

/** Records, and the companies in them, are compared by reconcile-deletions. Counters list nothing. */
function isOfItems({ listsObject, isCompanies, isCounter }: ChangeStream): boolean {
  return listsObject === undefined && isCompanies === undefined && isCounter === undefined;
}

interface Work {
  readonly stream: ChangeStream;
  readonly runId: number;
  /** Called after each page. */
  readonly saveProgress: () => Promise<void>;
}

/** The next night compares the stream again, from the same day on. */
const NEXT_NIGHT_MS = 24 * 3_600_000;

/**
 * A stream that fails is set aside: the others are reconciled.
 * @throws ConnectorError that concerns the whole CRM
 */
async function reconcileUnlessItFails(context: JobContext, mapped: MappedCrm, work: Work): Promise<void> {
  const { connector } = mapped;
  const check = { stream: work.stream.id, kind: 'check' } as const;
  try {
    await reconcileOne(context, mapped, work);
  } catch (error) {
    const failure = await partFailureOrThrow(context, connector, error);
    await setAside(context, connector.id, [check], failure, NEXT_NIGHT_MS);
    return;
  }
  if (!context.signal.aborted) await setAsideRecovered(context, connector.id, [check]);
}

async function reconcileOne(context: JobContext, mapped: MappedCrm, work: Work): Promise<void> {
  const { stream, runId, saveProgress } = work;
  const { db, clock, signal, reconcileDays } = context;
  const { connector } = mapped;
  const key = { crm: connector.id, stream: stream.id };
  const state = await comparisonState(db, key);
  // A stream that waits for its full sync is compared by it.
  if (state === null || !isIncremental(stream, await streamState(db, key), mapped)) return;
  const now = clock.now();
  const startedAt = state.startedAt ?? now;
  if (state.startedAt === null) await beginComparison(db, key, startedAt);
  const request: ReconcileRequest = {
    since: new Date((state.completeAt ?? now).getTime() - reconcileDays * DAY_MS),
    horizon: new Date(now.getTime() - HORIZON_MS),
    position: state.position,
    findKnown: (ids) => findKnownActivities(db, key, ids),
    listKnownIds: () => listKnownIds(db, key),
  };
  let isComplete = true;
  for await (const page of connector.reconcileStream?.(stream, request, signal) ?? []) {
    await savePage(context, { ...key, runId, startedAt }, page);
    await saveProgress();
    if (signal.aborted) return;
    isComplete = page.position === null;
  }
  await saveReconciled(db, key, now);
  if (!isComplete) return;
  await clearListing(db, key);
  await savePosition(db, key, null);
}

interface Comparison {
  readonly crm: string;
  readonly stream: string;
  readonly runId: number;
  readonly startedAt: Date;
}

async function savePage(context: JobContext, comparison: Comparison, page: ReconcilePage): Promise<void> {
  const { db, clock, log } = context;
  const { crm, stream, startedAt } = comparison;
  await listItems(db, comparison, page.existing ?? []);
  const saved = await saveReconciledPage(db, comparison, page, clock.now());
  logSetAside(context, crm, saved.setAside);
  logRecovered(context, crm, saved.recovered);
  let { found } = saved;
  for (const scope of page.compared ?? []) {
    const end = await endComparison(db, comparison, scope, { startedAt, now: clock.now() });
    if (end.kind === 'compared') {
      found = addFindings(found, { ...NO_FINDINGS, deleted: end.deleted });
    } else {
      const message = `${crm} lists ${end.listed} of the ${end.known} stored ${stream}: nothing was deleted. Check the rights of the token.`;
      log.warn({ ...comparison, ...scope }, message);
    }
  }
  for (const { kind, id, failure } of page.failed ?? []) {
    log.warn({ crm, stream, kind, id, code: failure.code }, `${crm}: a ${kind} of ${stream} was not compared.`);
  }
  await recordFindings(db, comparison, found, clock.now());
  await savePosition(db, comparison, { startedAt, position: page.position });
}
