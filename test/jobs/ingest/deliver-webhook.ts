// Telling the product over a sandbox HubSpot what HubSpot would tell it by webhooks.
import { expect } from 'vitest';
import type { JobContext } from '../../../jobs/context.ts';
import type { JobName } from '../../../jobs/job-types.ts';
import { executeJob } from '../../../jobs/queue/worker.ts';
import { changed, storeWebhook } from '../../support/hubspot-webhooks.ts';
import type { TestProduct } from '../../support/product.ts';

/** An event as HubSpot sends it, of now; of a contact's title unless it says otherwise. */
export function eventOf({ sandbox, clock }: TestProduct, id: string, over: Readonly<Record<string, unknown>> = {}) {
  return changed(id, { portalId: Number(sandbox.portalId), occurredAt: clock.now().getTime(), ...over });
}

/** Events arrive, and what they ring for is done. */
export async function deliverWebhook(product: TestProduct, ...sent: readonly object[]): Promise<void> {
  expect(await storeWebhook(product, sent)).toMatchObject({ kind: 'accepted', unparsed: [] });
  await product.context.enqueue('process-inbox', {});
  await product.runUntilIdle();
}

/** Runs jobs of HubSpot one after the other. @returns what they ring for, which nobody hears */
export async function runAlone(
  { context }: TestProduct,
  jobs: readonly JobName[],
  changes: Partial<JobContext> = {},
): Promise<readonly string[]> {
  const rung: string[] = [];
  const ring: JobContext['enqueue'] = async (job) => void rung.push(job);
  for (const job of jobs) await executeJob({ ...context, enqueue: ring, ...changes }, job, { crm: 'hubspot' });
  return rung;
}
