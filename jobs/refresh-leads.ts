// Refresh: dirty records are read again, whole, in full batches.
import { chunksOf } from '../src/domain/chunks.ts';
import { haltInForce } from '../src/store/halts.ts';
import { type ClaimedRecord, claimDirty, takeFetched } from '../src/store/records.ts';
import type { JobContext, MappedCrm } from './context.ts';
import { withHalts } from './failure-policy.ts';
import { inParallel, PARALLEL } from './parallel-batches.ts';

const CLAIM_MS = 60_000;

export async function refreshLeads(context: JobContext, { crm }: { crm: string }): Promise<void> {
  const mapped = context.crms.get(crm);
  if (!mapped) return;
  if (!(await haltInForce(context.db, crm, 'read', context.clock.now()))) {
    await withHalts(
      context,
      { crm, side: 'read' },
      () => refreshAll(context, mapped),
      (delayMs) => context.ring('refresh', { crm }, { delayMs }),
    );
  }
  await context.ring('score', {});
}

async function refreshAll(context: JobContext, { connector }: MappedCrm): Promise<void> {
  const { db, clock, signal } = context;
  const crm = connector.id;
  const limit = connector.batch.read * PARALLEL;
  for (;;) {
    const now = clock.now();
    const until = new Date(now.getTime() + CLAIM_MS);
    const refs = await claimDirty(db, { crm, by: `refresh-${crm}`, limit, now, until });
    await inParallel(chunksOf(refs, connector.batch.read), (chunk) => refreshChunk(context, crm, chunk));
    if (refs.length < limit || signal.aborted) return;
  }
}

async function refreshChunk(context: JobContext, crm: string, claimed: readonly ClaimedRecord[]): Promise<void> {
  const connector = context.crms.get(crm)?.connector;
  if (!connector) return;
  const askedAt = context.clock.now();
  const refs = claimed.map(({ object, id }) => ({ object, id }));
  const fetched = await connector.fetchLeads(refs, context.signal);
  await takeFetched(context.db, fetched, { crm, now: context.clock.now(), askedAt, claimed });
}
