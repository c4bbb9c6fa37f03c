// The product over a sandbox HubSpot of its own, with one clock for both.
import { z } from 'zod';
import { control } from '../../cli/demo/sandbox-log.ts';
import type { SimulatedClock } from '../../cli/demo/simulated-clock.ts';
import type { Dataset } from '../../sandbox/dataset/dataset.ts';
import { seededDataset } from '../../sandbox/dataset/seeded.ts';
import { type HubSpotSandbox, type HubSpotSandboxOptions, startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import { BACKEND, type BackendEnv, type Installation } from './backends.ts';
import { type OnUpdate, startProxy } from './intercepting-proxy.ts';
import { borrowed, NOW, type RunningProduct, type RunOptions, runProduct, startingAt } from './running-product.ts';

export { NOW };

export interface TestProductOptions extends RunOptions {
  /** The installation to use; absent: a fresh one. */
  readonly env?: BackendEnv;
  /** Settings over the usual ones: `{ NIGHTLY_CRON: '0 3 * * *' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly sandbox?: Partial<Omit<HubSpotSandboxOptions, 'port' | 'clock' | 'dataset'>>;
  /** Absent: the seeded one of `contacts` people. */
  readonly dataset?: Dataset;
  /** Absent: 20. */
  readonly contacts?: number;
  /** Where the clock starts; absent: NOW. Reading it, waiting and `advanceClock` advance it. */
  readonly now?: Date;
  /** Answers the product's batch updates in place of the sandbox. */
  readonly onUpdate?: OnUpdate;
  /** False: the portal is left without our properties. */
  readonly setup?: boolean;
}

export interface SeenContact {
  readonly id: string;
  readonly companyId: string | null;
  readonly properties: Readonly<Record<string, string | undefined>>;
}

const contactSchema = z.object({
  id: z.string(),
  companyId: z.string().nullable(),
  properties: z.record(z.string(), z.string()),
});

const requestSchema = z.object({
  seq: z.number(),
  at: z.string(),
  method: z.string(),
  path: z.string(),
  query: z.string(),
  status: z.number().nullable(),
  ids: z.array(z.string()).optional(),
  writes: z.array(z.object({ id: z.string(), properties: z.record(z.string(), z.string()) })).optional(),
});
export type LoggedRequest = z.infer<typeof requestSchema>;

export interface TestProduct extends RunningProduct {
  readonly sandbox: HubSpotSandbox;
  /** Sends something to the sandbox's control API: `control('POST', 'merge', {...})`. */
  control(method: string, path: string, body?: object | readonly object[]): Promise<unknown>;
  /** Replaces the fault script. */
  faults(...rules: readonly object[]): Promise<void>;
  /** What the sandbox was asked, oldest first; `since` is a `seq`. */
  log(since?: number): Promise<readonly LoggedRequest[]>;
  /** The batch updates among them. */
  writes(since?: number): Promise<readonly LoggedRequest[]>;
  /** The id of the contact with that key in the data set. */
  idOf(key: string): string;
  contact(id: string): Promise<SeenContact>;
  /** All contacts of the data set that are still there, with every property that is set; costs no call of the CRM's quota. */
  contacts(): Promise<readonly SeenContact[]>;
}

/** Opens it with our properties set up in the portal; close it when done. */
export async function openTestProduct(options: TestProductOptions = {}): Promise<TestProduct> {
  const installation = options.env === undefined ? await BACKEND.create() : borrowed(options.env);
  const clock = startingAt(options.now ?? NOW);
  const dataset = options.dataset ?? seededDataset({ contacts: options.contacts ?? 20, seed: 1, now: clock.now() });
  const sandbox = await startHubSpotSandbox({ port: 0, searchLagMs: 0, ...options.sandbox, dataset, clock });
  const closeAll = async () => {
    await sandbox.close();
    await installation.destroy();
  };
  try {
    const opened = await assemble(options, { sandbox, clock, installation });
    if (options.setup !== false) await opened.setup();
    return opened;
  } catch (error) {
    await closeAll();
    throw error;
  }
}

interface Scene {
  readonly sandbox: HubSpotSandbox;
  readonly clock: SimulatedClock;
  readonly installation: Installation;
}

async function assemble(options: TestProductOptions, { sandbox, clock, installation }: Scene): Promise<TestProduct> {
  const front = options.onUpdate === undefined ? null : await startProxy(sandbox.url, options.onUpdate);
  const url = { HUBSPOT_API_URL: front?.url ?? sandbox.url };
  const env = { ...installation.env, ...settingsOf(sandbox), ...url, ...options.settings };
  const running = await runProduct(env, clock, options);
  return {
    ...running,
    get product() {
      return running.product;
    },
    get context() {
      return running.context;
    },
    sandbox,
    ...portalActions(sandbox),
    close: async () => {
      await running.close();
      await front?.close();
      await sandbox.close();
      await installation.destroy();
    },
  };
}

type PortalActions = Pick<TestProduct, 'control' | 'faults' | 'log' | 'writes' | 'idOf' | 'contact' | 'contacts'>;

function portalActions(sandbox: HubSpotSandbox): PortalActions {
  const send: TestProduct['control'] = (method, path, body) => control(sandbox, method, path, body);
  const log = async (since = 0) => {
    const lines = z.string().parse(await (await fetch(`${sandbox.url}/_sandbox/log?since=${since}`)).text());
    return lines.split('\n').flatMap((line) => (line === '' ? [] : [requestSchema.parse(JSON.parse(line))]));
  };
  const contact = async (id: string) => contactSchema.parse(await send('GET', `contacts/${id}`));
  return {
    control: send,
    faults: async (...rules) => void (await send('PUT', 'faults', rules)),
    log,
    writes: async (since) => (await log(since)).filter(({ path }) => path.endsWith('/contacts/batch/update')),
    idOf: (key) => {
      const id = sandbox.contactIds.get(key);
      if (id === undefined) throw new Error(`There is no person "${key}" in the data set.`);
      return id;
    },
    contact,
    contacts: async () => {
      const asked = [...sandbox.contactIds.values()].map((id) => {
        return contact(id).catch((error: unknown) => {
          if (error instanceof Error && error.message.includes(': 404 ')) return null;
          throw error;
        });
      });
      return (await Promise.all(asked)).filter((each) => each !== null);
    },
  };
}

function settingsOf(sandbox: HubSpotSandbox) {
  return {
    HUBSPOT_ACCESS_TOKEN: sandbox.accessToken,
    HUBSPOT_CLIENT_SECRET: sandbox.clientSecret,
    HUBSPOT_APP_ID: sandbox.appId,
  };
}
