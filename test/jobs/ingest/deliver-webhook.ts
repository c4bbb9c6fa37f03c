// Delivers webhook events of a sandbox HubSpot to the product.
import { expect } from 'vitest';
import type { JobContext } from '../../../jobs/context.ts';
import type { JobName } from '../../../jobs/job-types.ts';
import { executeJob } from '../../../jobs/queue/worker.ts';
import { changed, storeWebhook } from '../../support/hubspot-webhooks.ts';
import type { TestProduct } from '../../support/product.ts';

/**
 * An event as HubSpot sends it, with the present time: by default the change of a contact's title.
 */
export function eventOf({ sandbox, clock }: TestProduct, id: string, over: Readonly<Record<string, unknown>> = {}) {
  return changed(id, { portalId: Number(sandbox.portalId), occurredAt: clock.now().getTime(), ...over });
}

/** Delivers events, and runs the jobs that they enqueue. */
export async function deliverWebhook(product: TestProduct, ...events: readonly object[]): Promise<void> {
  expect(await storeWebhook(product, events)).toMatchObject({ kind: 'accepted', unparsed: [] });
  await product.context.enqueue('process-inbox', {});
  await product.runUntilIdle();
}

/**
 * Runs jobs of HubSpot one after the other.
 * @returns the jobs that they enqueue, which are not run
 */
export async function runAlone(
  { context }: TestProduct,
  jobs: readonly JobName[],
  changes: Partial<JobContext> = {},
): Promise<readonly string[]> {
  const enqueued: string[] = [];
  const enqueue: JobContext['enqueue'] = async (job) => void enqueued.push(job);
  for (const job of jobs) await executeJob({ ...context, enqueue, ...changes }, job, { crm: 'hubspot' });
  return enqueued;
}
