// The product over its own sandbox Salesforce and, if a test wants it, a sandbox HubSpot. One clock for all.
import pMap from 'p-map';
import { z } from 'zod';
import type { Dataset } from '../../sandbox/dataset/dataset.ts';
import { seededDataset } from '../../sandbox/dataset/seeded.ts';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import {
  type SalesforceSandbox,
  type SalesforceSandboxOptions,
  startSalesforceSandbox,
} from '../../sandbox/salesforce/start.ts';
import { BACKEND, type BackendEnv } from './backends.ts';
import { borrowed, NOW, type RunningProduct, type RunOptions, runProduct, startingAt } from './running-product.ts';

export interface SalesforceProductOptions extends RunOptions {
  /** The installation to use; absent: a fresh one. */
  readonly env?: BackendEnv;
  readonly settings?: Readonly<Record<string, string>>;
  readonly sandbox?: Partial<Omit<SalesforceSandboxOptions, 'port' | 'clock' | 'dataset'>>;
  /** Absent: the seeded one of `people` people. */
  readonly dataset?: Dataset;
  /** Absent: 20. */
  readonly people?: number;
  /** There is a HubSpot beside it, with these people. */
  readonly hubspot?: Dataset;
  /** Where the clock starts; absent: NOW. */
  readonly now?: Date;
  /** False: the org is left without our fields. */
  readonly setup?: boolean;
}

const requestSchema = z.object({
  seq: z.number(),
  method: z.string(),
  path: z.string(),
  query: z.string(),
  status: z.number().nullable(),
  ids: z.array(z.string()).optional(),
  writes: z.array(z.object({ id: z.string(), properties: z.record(z.string(), z.unknown()) })).optional(),
});
export type SalesforceRequest = z.infer<typeof requestSchema>;

const recordSchema = z.record(z.string(), z.unknown());
const shownSchema = z.object({ values: recordSchema });
export type SalesforceRecord = z.infer<typeof recordSchema>;

export interface SalesforceProduct extends RunningProduct {
  readonly org: SalesforceSandbox;
  /** Null without a HubSpot. */
  readonly portal: HubSpotSandbox | null;
  /** Sends something to the org's control API: `control('POST', 'convert', {...})`. @throws when it refuses */
  control(method: string, path: string, body?: object | readonly object[]): Promise<unknown>;
  /** Replaces the fault script. */
  faults(...rules: readonly object[]): Promise<void>;
  /** What the org was asked, oldest first; `since` is a `seq`. */
  log(since?: number): Promise<readonly SalesforceRequest[]>;
  /** The collection updates among them. */
  writes(since?: number): Promise<readonly SalesforceRequest[]>;
  /** A Lead or Contact with all its fields; costs no call of the org's. */
  record(object: 'Lead' | 'Contact', id: string): Promise<SalesforceRecord>;
  /** Those of the data set that are still there: Contacts, and Leads that did not become one. */
  records(): Promise<readonly (SalesforceRecord & { readonly object: 'Lead' | 'Contact'; readonly id: string })[]>;
}

/** Opens it with our fields set up in the CRMs; close it when done. */
export async function openSalesforceProduct(options: SalesforceProductOptions = {}): Promise<SalesforceProduct> {
  const installation = options.env === undefined ? await BACKEND.create() : borrowed(options.env);
  const clock = startingAt(options.now ?? NOW);
  const dataset = options.dataset ?? seededDataset({ contacts: options.people ?? 20, seed: 1, now: clock.now() });
  const org = await startSalesforceSandbox({ port: 0, ...options.sandbox, dataset, clock });
  const portal =
    options.hubspot === undefined
      ? null
      : await startHubSpotSandbox({ port: 0, searchLagMs: 0, dataset: options.hubspot, clock });
  const closeCrms = async () => {
    await org.close();
    await portal?.close();
    await installation.destroy();
  };
  try {
    const env = { ...installation.env, ...orgSettings(org), ...portalSettings(portal), ...options.settings };
    const running = await runProduct(env, clock, options);
    if (options.setup !== false) await running.setup();
    return {
      ...running,
      get product() {
        return running.product;
      },
      get context() {
        return running.context;
      },
      org,
      portal,
      ...orgActions(org),
      close: async () => {
        await running.close();
        await closeCrms();
      },
    };
  } catch (error) {
    await closeCrms();
    throw error;
  }
}

export function orgSettings({ url, clientId, clientSecret }: SalesforceSandbox) {
  return { SALESFORCE_LOGIN_URL: url, SALESFORCE_CLIENT_ID: clientId, SALESFORCE_CLIENT_SECRET: clientSecret };
}

function portalSettings(portal: HubSpotSandbox | null): Readonly<Record<string, string>> {
  return portal === null ? {} : { HUBSPOT_API_URL: portal.url, HUBSPOT_ACCESS_TOKEN: portal.accessToken };
}

type OrgActions = Pick<SalesforceProduct, 'control' | 'faults' | 'log' | 'writes' | 'record' | 'records'>;

function orgActions({ url, leadIds, contactIds }: SalesforceSandbox): OrgActions {
  const send: SalesforceProduct['control'] = async (method, path, body) => {
    const response = await fetch(`${url}/_sandbox/${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`The sandbox refused ${method} ${path}: ${response.status} ${text}`);
    return text === '' || !response.headers.get('content-type')?.includes('json') ? text : JSON.parse(text);
  };
  const log = async (since = 0) => {
    const lines = z.string().parse(await (await fetch(`${url}/_sandbox/log?since=${since}`)).text());
    return lines.split('\n').flatMap((line) => (line === '' ? [] : [requestSchema.parse(JSON.parse(line))]));
  };
  const record: SalesforceProduct['record'] = async (object, id) =>
    shownSchema.parse(await send('GET', `records/${object}/${id}`)).values;
  return {
    control: send,
    faults: async (...rules) => void (await send('PUT', 'faults', rules)),
    log,
    writes: async (since) =>
      (await log(since)).filter(({ method, path }) => method === 'PATCH' && path.endsWith('/composite/sobjects')),
    record,
    records: () => {
      const show = async ([key, lead]: [string, string]) => {
        const contact = contactIds.get(key);
        const object = contact === undefined ? ('Lead' as const) : ('Contact' as const);
        const id = contact ?? lead;
        return { ...(await record(object, id)), object, id };
      };
      return pMap(leadIds, show, { concurrency: 20 });
    },
  };
}
