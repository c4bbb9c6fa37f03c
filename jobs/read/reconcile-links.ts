// Nightly: compares the stored links of each record (company, activities, deals) with the CRM. A
// change of a link alone does not change a modification time. The position is saved as a step of
// the run, so a killed night continues where it stopped.
import { z } from 'zod';
import type { CrmConnector, StoredLinks } from '../../src/crm/connector.ts';
import { pageOfLinks } from '../../src/store/activities/stored-links.ts';
import { recordFindings } from '../../src/store/reconcile/findings.ts';
import { activePause } from '../../src/store/sync/crm-pauses.ts';
import { findStep, listRunSteps, saveRunSteps } from '../../src/store/sync/run-steps.ts';
import { saveLinkFindings } from '../../src/store/sync/save-items.ts';
import type { JobContext } from '../context.ts';
import { pauseOnFailure } from '../failure-policy.ts';
import { divideBatch } from '../failures/divide-batch.ts';
import { setAside, setAsideRecovered } from '../failures/set-aside.ts';
import { recordStream } from './reconcile-deletions.ts';

const STEP = 'links-reconciled';

/** The last record compared. */
const positionSchema = z.object({ object: z.string(), id: z.string() });

export async function reconcileLinks(context: JobContext, crm: string, runId: number): Promise<void> {
  const connector = context.crms.get(crm)?.connector;
  if (!connector?.reconcileLinks || (await activePause(context.db, crm, 'read', context.clock.now()))) return;
  // No retry: the next night compares everything again.
  await pauseOnFailure(
    context,
    { crm, direction: 'read' },
    () => compareAll(context, connector, runId),
    async () => {},
  );
}

async function compareAll(context: JobContext, connector: CrmConnector, runId: number): Promise<void> {
  const { db, clock, signal } = context;
  const crm = connector.id;
  const saved = findStep(await listRunSteps(db, runId), STEP, crm);
  if (saved?.completed_at) return;
  let after = positionSchema.safeParse(saved?.detail).data ?? null;
  while (!signal.aborted) {
    const stored = await pageOfLinks(db, { crm, after, limit: connector.batch.links });
    const last = stored.at(-1);
    if (last === undefined) {
      return saveRunSteps(db, runId, [{ step: STEP, crm, completedAt: clock.now() }], { now: clock.now() });
    }
    if (!(await comparePage(context, connector, runId, stored))) return;
    after = { object: last.ref.object, id: last.ref.id };
    await saveRunSteps(db, runId, [{ step: STEP, crm, completedAt: null, detail: after }], { now: clock.now() });
  }
}

/** The next night compares everything again. */
const NEXT_NIGHT_MS = 24 * 3_600_000;

/**
 * A record that fails is set aside, and the others are compared.
 * @returns false if no record can be compared
 */
async function comparePage(
  context: JobContext,
  connector: CrmConnector,
  runId: number,
  stored: readonly StoredLinks[],
): Promise<boolean> {
  const { db, clock, signal } = context;
  const crm = connector.id;
  const compare = async (part: readonly StoredLinks[], limit: AbortSignal) => {
    const differences = await connector.reconcileLinks?.(part, limit);
    if (differences === undefined) return;
    const records = recordStream(connector, part[0]?.ref.object ?? '');
    const found = await saveLinkFindings(db, differences, { crm, now: clock.now(), records });
    for (const [stream, findings] of found) {
      await recordFindings(db, { runId, crm, stream }, findings, clock.now());
    }
  };
  const { failed, whole } = await divideBatch(stored, { connector, work: compare, controls: [], signal });
  const object = stored[0]?.ref.object ?? '';
  if (whole !== null) {
    await setAside(context, crm, [{ stream: object, kind: 'links' }], whole, NEXT_NIGHT_MS);
    return false;
  }
  const failing = new Set(failed.map(({ item }) => item));
  const compared = stored.filter((links) => !failing.has(links)).map(({ ref }) => ref);
  await setAsideRecovered(context, crm, [
    { stream: object, kind: 'links' },
    ...compared.map(({ object: stream, id }) => ({ stream, kind: 'links' as const, id })),
  ]);
  for (const { item, failure } of failed)
    await setAside(context, crm, [{ stream: item.ref.object, kind: 'links', id: item.ref.id }], failure, NEXT_NIGHT_MS);
  return true;
}
