// `leadgrade start` as a process, over a sandbox HubSpot that sends webhooks. Polling is off: changes arrive by webhook, by
// `/events`, or with the repeatable job of a fast stream.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { shippedSubscriptions } from '../../cli/sandbox/subscriptions.ts';
import { seededDataset } from '../../sandbox/dataset/seeded.ts';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import type { WebhookSettingsInput } from '../../sandbox/hubspot/webhooks/webhook-settings.ts';
import { endWithTest } from '../../sandbox/test/end-with-test.ts';
import type { BackendEnv } from './backends.ts';
import { changed, signed } from './hubspot-webhooks.ts';
import { createOurFields } from './our-fields.ts';
import { patient } from './patience.ts';
import { freePort, type Running, startNode } from './processes.ts';
import { type CrmActions, crmActions } from './sandbox-crm.ts';
import { openStore, type ServiceStore } from './service-store.ts';

const CLI = new URL('../../bin/leadgrade.js', import.meta.url).pathname;
const CLOCK = { now: () => new Date() };

/** For states that take a while on a busy machine. */
export const SOON = { timeout: patient(60_000), interval: 100 };
export const METRICS_TOKEN = 'a-token-for-metrics';
const CALM_WITHIN_MS = patient(90_000);
const DONE = /^(0 to deliver|inbox: 0 events .*|jobs: a job ended .*|0 to read, 0 to score, 0 to write)$/;

/** How the sandbox sends webhooks; absent: the subscriptions of the product's app, with short retry delays. */
export type SendingManner = Partial<Omit<WebhookSettingsInput, 'targetUrl'>>;

export interface ServiceEnvironmentOptions {
  readonly env: BackendEnv;
  /** Settings over the usual ones. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly contacts?: number;
  /** Absent: as `sendWebhooks` without an argument. False: the sandbox sends nothing. */
  readonly webhooks?: SendingManner | false;
}

const contactSchema = z.object({ id: z.string(), properties: z.record(z.string(), z.string()) });
export type ServiceContact = z.infer<typeof contactSchema>;
const deliverySchema = z.object({
  sent: z.number(),
  delivered: z.number(),
  failed: z.number(),
  waiting: z.number(),
  inFlight: z.number(),
});
const readySchema = z.object({ checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })) });

export interface ServiceEnvironment extends ServiceStore, CrmActions {
  readonly sandbox: HubSpotSandbox;
  /** Where the service listens. */
  readonly url: string;
  /** Seeded people that are scored, and have an e-mail address. */
  readonly leads: readonly { readonly id: string; readonly email: string }[];
  run(...args: string[]): Running;
  /** Starts the service; resolves when it runs. */
  serve(...args: string[]): Promise<Running>;
  /** Until nothing waits: at the sandbox, to be read, scored or written. */
  calm(): Promise<void>;
  /** Everything that the sandbox sent has reached its end. */
  delivered(): Promise<z.infer<typeof deliverySchema>>;
  /** From now on. */
  sendWebhooks(manner?: SendingManner): Promise<void>;
  contact(id: string): Promise<ServiceContact>;
  explanation(id: string): Promise<string>;
  /** The `seq` of its last request. */
  logEnd(): Promise<number>;
  /** Until the sandbox has been asked nothing for so long. */
  quiet(ms: number): Promise<void>;
  /** Sends an event that says that a contact's title has changed, signed; gives the status of the answer, 0 for none. */
  deliverWebhook(contactId: string, over?: Readonly<Record<string, unknown>>): Promise<number>;
}

/** Opens it with our properties set up in the portal, and the service not started. Closed with the test that opens it. */
export async function openServiceEnvironment(options: ServiceEnvironmentOptions): Promise<ServiceEnvironment> {
  const dataset = seededDataset({ contacts: options.contacts ?? 30, seed: 8, now: CLOCK.now() });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const sandbox = await startHubSpotSandbox({ port: 0, dataset, clock: CLOCK, searchLagMs: 200 });
  const env = {
    ...options.env,
    HUBSPOT_API_URL: sandbox.url,
    HUBSPOT_ACCESS_TOKEN: sandbox.accessToken,
    HUBSPOT_CLIENT_SECRET: sandbox.clientSecret,
    HUBSPOT_APP_ID: sandbox.appId,
    PORT: String(port),
    PUBLIC_URL: url,
    METRICS_TOKEN,
    POLL_SECONDS: '3600',
    DEBOUNCE_SECONDS: '1',
    ...options.settings,
  };
  const children: Running[] = [];
  const run = (...args: string[]): Running => {
    const child = startNode(CLI, args, env);
    children.push(child);
    return child;
  };
  const store = openStore(options.env);
  const close = endWithTest(async () => {
    await store.close();
    for (const child of children.toReversed()) await child.kill();
    await sandbox.close();
  });
  const portal = portalOf(sandbox);
  const usual = { targetUrl: `${url}/webhooks/hubspot`, subscriptions: await shippedSubscriptions(), retryMs: 100 };
  const sendWebhooks = async (manner: SendingManner = {}) => {
    await portal.control('PUT', 'webhooks', { ...usual, ...manner });
  };
  try {
    await createOurFields(env);
    if (options.webhooks !== false) await sendWebhooks(options.webhooks);
  } catch (error) {
    await close();
    throw error;
  }
  const leads = dataset.people.flatMap(({ key, lifecycle, email }) => {
    const id = sandbox.contactIds.get(key);
    return lifecycle === 'lead' && email !== null && id !== undefined ? [{ id, email }] : [];
  });
  return {
    ...{ sandbox, url, leads, run, sendWebhooks, ...portal, ...store, close },
    serve: async (...args) => {
      const service = run('start', ...args);
      await service.line(/leadgrade is running/);
      return service;
    },
    calm: () => untilCalm(url, portal),
    deliverWebhook: (contactId, over) =>
      deliverWebhook(sandbox, url, changed(contactId, { portalId: Number(sandbox.portalId), ...over })),
  };
}

function portalOf(sandbox: HubSpotSandbox) {
  const actions = crmActions(sandbox, ({ path }) => path.endsWith('/contacts/batch/update'));
  const logEnd = async () => (await actions.log()).at(-1)?.seq ?? 0;
  const contact = async (id: string) => contactSchema.parse(await actions.control('GET', `contacts/${id}`));
  return {
    ...actions,
    contact,
    explanation: async (id: string) => (await contact(id)).properties.leadgrade_explanation ?? '',
    logEnd,
    quiet: async (ms: number) => {
      let [end, since] = [await logEnd(), performance.now()];
      while (performance.now() - since < ms) {
        await sleep(100);
        const now = await logEnd();
        if (now !== end) [end, since] = [now, performance.now()];
      }
    },
    delivered: async () => deliverySchema.parse(await actions.control('GET', 'webhooks')),
  };
}

async function untilCalm(url: string, { delivered }: Pick<ServiceEnvironment, 'delivered'>): Promise<void> {
  /** What is still to be done, in words. */
  const work = async () => {
    const { waiting, inFlight } = await delivered();
    const answer = await fetch(`${url}/readyz`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } }).catch(
      () => null,
    );
    const { checks } = answer === null ? { checks: [] } : readySchema.parse(await answer.json());
    const said = (name: string) => checks.find((check) => check.name === name)?.detail ?? 'nothing is known';
    const open = [
      `${waiting + inFlight} to deliver`,
      `inbox: ${said('inbox')}`,
      `jobs: ${said('jobs')}`,
      said('pending'),
    ];
    return open.filter((each) => !DONE.test(each));
  };
  const deadline = performance.now() + CALM_WITHIN_MS;
  // Between two jobs nothing seems to wait.
  for (let times = 0; times < 4; ) {
    await sleep(200);
    const left = await work();
    if (performance.now() > deadline) throw new Error(`After ${CALM_WITHIN_MS} ms: ${left.join('; ')}.`);
    times = left.length === 0 ? times + 1 : 0;
  }
}

async function deliverWebhook(sandbox: HubSpotSandbox, url: string, event: object): Promise<number> {
  const body = JSON.stringify([event]);
  const target = `${url}/webhooks/hubspot`;
  const headers = signed(body, { secret: sandbox.clientSecret, url: target });
  const answer = await fetch(target, { method: 'POST', headers, body }).catch(() => null);
  await answer?.arrayBuffer();
  return answer?.status ?? 0;
}
