// Telling the product over a sandbox HubSpot what HubSpot would tell it by webhooks.
import { expect } from 'vitest';
import type { JobContext } from '../../../jobs/context.ts';
import type { JobName } from '../../../jobs/job-types.ts';
import { runJob } from '../../../jobs/queue/worker.ts';
import { arrive, changed } from '../../support/hubspot-webhooks.ts';
import type { TestProduct } from '../../support/product.ts';

/** An event as HubSpot sends it, of now; of a contact's title unless it says otherwise. */
export function eventOf({ sandbox, clock }: TestProduct, id: string, over: Readonly<Record<string, unknown>> = {}) {
  return changed(id, { portalId: Number(sandbox.portalId), occurredAt: clock.now().getTime(), ...over });
}

/** Events arrive, and what they ring for is done. */
export async function tell(product: TestProduct, ...sent: readonly object[]): Promise<void> {
  expect(await arrive(product, sent)).toMatchObject({ kind: 'accepted', unread: [] });
  await product.context.ring('intake', {});
  await product.settle();
}

/** Runs jobs of HubSpot one after the other. @returns what they ring for, which nobody hears */
export async function runAlone(
  { context }: TestProduct,
  jobs: readonly JobName[],
  changes: Partial<JobContext> = {},
): Promise<readonly string[]> {
  const rung: string[] = [];
  const ring: JobContext['ring'] = async (job) => void rung.push(job);
  for (const job of jobs) await runJob({ ...context, ring, ...changes }, job, { crm: 'hubspot' });
  return rung;
}
