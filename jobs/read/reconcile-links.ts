// Compares what is linked to each record (company, activities) with what we know: an association that alone was changed moves
// no modification time. The place reached is kept in the run, so that a killed night goes on where it was.
import { z } from 'zod';
import type { RecordRef } from '../../src/domain/crm-changes.ts';
import { pageOfLinks } from '../../src/store/activities/activities.ts';
import { activePause } from '../../src/store/sync/crm-pauses.ts';
import { findRun, mergeRunProgress } from '../../src/store/sync/runs.ts';
import { saveLinkFindings } from '../../src/store/sync/save-items.ts';
import type { JobContext } from '../context.ts';
import { pauseOnFailure } from '../failure-policy.ts';

const placeSchema = z.object({ object: z.string(), id: z.string() });

export async function reconcileLinks(context: JobContext, crm: string, run: number): Promise<void> {
  const connector = context.crms.get(crm)?.connector;
  const compare = connector?.reconcileLinks?.bind(connector);
  if (!connector || !compare || (await activePause(context.db, crm, 'read', context.clock.now()))) return;
  const { db, clock, signal } = context;
  const walk = async () => {
    let after = await placeReached(context, crm, run);
    while (!signal.aborted) {
      const known = await pageOfLinks(db, { crm, after, limit: connector.batch.links });
      if (known.length === 0) return;
      await saveLinkFindings(db, await compare(known, signal), { crm, now: clock.now() });
      after = known.at(-1)?.ref ?? null;
      await mergeRunProgress(db, run, { [`compared ${crm}`]: after }, clock.now());
    }
  };
  // What is missed tonight is compared tomorrow: nothing to ring for.
  await pauseOnFailure(context, { crm, direction: 'read' }, walk, async () => {});
}

async function placeReached(context: JobContext, crm: string, run: number): Promise<RecordRef | null> {
  const progress = (await findRun(context.db, run))?.progress ?? {};
  return placeSchema.safeParse(progress[`compared ${crm}`]).data ?? null;
}
