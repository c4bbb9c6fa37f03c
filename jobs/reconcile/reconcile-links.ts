// Nightly: compares the stored links of each record (company, activities, deals) with the CRM. A
// change of a link alone does not change a modification time. The position is saved as a step of
// the run, so a killed night continues where it stopped.
import { z } from 'zod';
import type { CrmConnector } from '../../src/crm/connector.ts';
import { pageOfLinks } from '../../src/store/activities/stored-links.ts';
import { activePause } from '../../src/store/sync/crm-pauses.ts';
import { findStep, listRunSteps, saveRunSteps } from '../../src/store/sync/run-steps.ts';
import type { JobContext } from '../context.ts';
import { pauseOnFailure } from '../failure-policy.ts';
import { compareLinks } from './compare-links.ts';

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
    if (!(await compareLinks(context, connector, stored, runId))) return;
    after = { object: last.ref.object, id: last.ref.id };
    await saveRunSteps(db, runId, [{ step: STEP, crm, completedAt: null, detail: after }], { now: clock.now() });
  }
}
