// A backlog: leads with one record each in the sandbox, all scored and none written.
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { z } from 'zod';
import { control } from '../../cli/demo/sandbox-log.ts';
import { loadConfig } from '../../cli/product/config.ts';
import { openProduct, type Product } from '../../cli/product/open-product.ts';
import { writeTarget } from '../../cli/setup/write-target.ts';
import { matchPeople } from '../../jobs/score/match-people.ts';
import { scoreLeads } from '../../jobs/score/score-leads.ts';
import { startNode } from '../../test/support/processes.ts';
import { benchLog } from '../measuring/bench-log.ts';
import { seedLeads } from '../nightly/seed.ts';
import type { SandboxOptions, StartedSandbox } from './sandbox.ts';

export interface Backlog {
  readonly product: Product;
  readonly sandbox: StartedSandbox;
  close(): Promise<void>;
}

const startedSchema: z.ZodType<StartedSandbox> = z.object({
  url: z.string(),
  settings: z.record(z.string(), z.string()),
  object: z.string(),
  ids: z.array(z.string()),
});

/** The longest window of a rate limit. */
const WINDOW_MS = 10_000;

/** @param settings of the product, besides those of the sandbox */
export async function openBacklog(
  databaseUrl: string,
  options: SandboxOptions,
  settings: Readonly<Record<string, string>>,
): Promise<Backlog> {
  const child = startNode(new URL('sandbox.ts', import.meta.url).pathname, [JSON.stringify(options)]);
  try {
    const sandbox = startedSchema.parse(JSON.parse(await child.line(/^\{.*\}$/)));
    const config = loadConfig({ DATABASE_URL: databaseUrl, ...sandbox.settings, ...settings });
    const product = await openProduct(config, { clock: { now: () => new Date() }, log: benchLog });
    const close = async () => {
      await product.close();
      await child.kill();
    };
    try {
      await fillOutbox(product, options, sandbox);
      // The calls of the setup leave the window of the rate limit.
      await sleep(WINDOW_MS);
      await control(sandbox, 'POST', 'reset-log');
      return { product, sandbox, close };
    } catch (error) {
      await close();
      throw error;
    }
  } catch (error) {
    await child.kill();
    throw error;
  }
}

async function fillOutbox({ context }: Product, { crm }: SandboxOptions, sandbox: StartedSandbox): Promise<void> {
  const { db, signal } = context;
  const connector = context.crms.get(crm)?.connector;
  if (connector === undefined) throw new Error(`${crm} is not set up`);
  for await (const _step of connector.applySetup(writeTarget(context.models), { dryRun: false }, signal));
  await seedLeads(db, { leads: sandbox.ids.length, activities: 0, streams: connector.streams.map(({ id }) => id) });
  await sql`update leadgrade.streams set crm = ${crm}`.execute(db);
  await sql`delete from leadgrade.record_addresses`.execute(db);
  await sql`
    update leadgrade.records r set crm = ${crm}, object = ${sandbox.object}, id = t.id
    from unnest(${sandbox.ids}::text[]) with ordinality as t (id, n) where r.lead_id = t.n`.execute(db);
  const seeded = { ...context, enqueue: async () => undefined };
  await matchPeople(seeded);
  await scoreLeads(seeded);
}
