// The product over a database of the benchmark: no CRM is called, and no job is enqueued.

import { loadConfig } from '../../cli/product/config.ts';
import { openProduct } from '../../cli/product/open-product.ts';
import type { JobContext } from '../../jobs/context.ts';
import { scoreLeads } from '../../jobs/score/score-leads.ts';
import { saveWriteResults } from '../../jobs/write/save-write-results.ts';
import { markDueByDecay } from '../../src/store/leads/mark-due.ts';
import { claimOutbox } from '../../src/store/outbox/outbox.ts';
import { benchLog } from '../measuring/bench-log.ts';

export interface BenchProduct {
  readonly context: JobContext;
  readonly streams: readonly string[];
  setTime(now: Date): void;
  close(): Promise<void>;
}

export async function openBenchProduct(databaseUrl: string, start: Date): Promise<BenchProduct> {
  let now = start;
  const clock = { now: () => now };
  const config = loadConfig({
    DATABASE_URL: databaseUrl,
    HUBSPOT_ACCESS_TOKEN: 'not-used-by-the-benchmark',
    MAX_SCORERS: '64',
    ...(process.env.MODEL_FILE !== undefined && { MODEL_FILE: process.env.MODEL_FILE }),
  });
  const product = await openProduct(config, { clock, log: benchLog });
  const streams = [...product.context.crms.values()].flatMap(({ connector }) => connector.streams.map(({ id }) => id));
  return {
    context: { ...product.context, enqueue: async () => undefined },
    streams,
    setTime: (at) => {
      now = at;
    },
    close: product.close,
  };
}

/** The score job. */
export const scoreDue = scoreLeads;

export async function markNight({ db, clock }: JobContext): Promise<void> {
  await markDueByDecay(db, clock.now());
}

/** The night's part of the nightly job, and the score job. */
export async function scoreNight(context: JobContext): Promise<void> {
  await markNight(context);
  await scoreLeads(context);
}

/** Saves that the CRM took all pending writes, in batches of 100. @returns their number */
export async function confirmWrites(context: JobContext): Promise<number> {
  let confirmed = 0;
  for (;;) {
    const now = context.clock.now();
    const until = new Date(now.getTime() + 60_000);
    const claim = { crm: 'hubspot', object: 'contacts', by: 'bench', limit: 100, now, until };
    const rows = await claimOutbox(context.db, claim);
    if (rows.length === 0) return confirmed;
    const results = rows.map(({ object, id }) => {
      return { kind: 'written' as const, ref: { object, id }, modifiedAt: now.toISOString() };
    });
    await saveWriteResults(context, 'hubspot', rows, results, async () => undefined);
    confirmed += rows.length;
  }
}
