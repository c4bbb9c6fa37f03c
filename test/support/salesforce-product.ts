// The product over its own sandbox Salesforce and, if a test wants it, a sandbox HubSpot. One clock for all.
import pMap from 'p-map';
import { z } from 'zod';
import type { Dataset } from '../../sandbox/dataset/dataset.ts';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import {
  type SalesforceSandbox,
  type SalesforceSandboxOptions,
  startSalesforceSandbox,
} from '../../sandbox/salesforce/start.ts';
import { endWithTest } from '../../sandbox/test/end-with-test.ts';
import { openOver, type ProductOptions, type RunningProduct } from './running-product.ts';
import { type CrmActions, crmActions } from './sandbox-crm.ts';

export interface SalesforceProductOptions extends ProductOptions {
  readonly sandbox?: Partial<Omit<SalesforceSandboxOptions, 'port' | 'clock' | 'dataset'>>;
  /** There is a HubSpot beside it, with these people. */
  readonly hubspot?: Dataset;
}

const recordSchema = z.record(z.string(), z.unknown());
const shownSchema = z.object({ values: recordSchema });
export type SalesforceRecord = z.infer<typeof recordSchema>;

interface OrgActions extends CrmActions {
  /** A Lead or Contact with all its fields; costs no call of the org's. */
  record(object: 'Lead' | 'Contact', id: string): Promise<SalesforceRecord>;
  /** Those of the data set that are still there: Contacts, and Leads that did not become one. */
  records(): Promise<readonly (SalesforceRecord & { readonly object: 'Lead' | 'Contact'; readonly id: string })[]>;
}

export interface SalesforceProduct extends RunningProduct, OrgActions {
  readonly org: SalesforceSandbox;
  /** Null without a HubSpot. */
  readonly portal: HubSpotSandbox | null;
}

/** Opens it with our fields set up in the CRMs. Closed with the test that opens it. */
export async function openSalesforceProduct(options: SalesforceProductOptions = {}): Promise<SalesforceProduct> {
  const { running, crms } = await openOver(options, async (dataset, clock) => {
    const org = await startSalesforceSandbox({ port: 0, ...options.sandbox, dataset, clock });
    const closeOrg = endWithTest(org.close);
    const portal =
      options.hubspot === undefined
        ? null
        : await startHubSpotSandbox({ port: 0, searchLagMs: 0, dataset: options.hubspot, clock });
    const close = async () => {
      await portal?.close();
      await closeOrg();
    };
    return { org, portal, settings: { ...orgSettings(org), ...portalSettings(portal) }, close };
  });
  return Object.assign(running, { org: crms.org, portal: crms.portal }, orgActions(crms.org));
}

export function orgSettings({ url, clientId, clientSecret }: SalesforceSandbox) {
  return { SALESFORCE_LOGIN_URL: url, SALESFORCE_CLIENT_ID: clientId, SALESFORCE_CLIENT_SECRET: clientSecret };
}

function portalSettings(portal: HubSpotSandbox | null): Readonly<Record<string, string>> {
  return portal === null ? {} : { HUBSPOT_API_URL: portal.url, HUBSPOT_ACCESS_TOKEN: portal.accessToken };
}

export function orgActions(org: SalesforceSandbox): OrgActions {
  const isWrite: Parameters<typeof crmActions>[1] = ({ method, path }) =>
    method === 'PATCH' && path.endsWith('/composite/sobjects');
  const actions = crmActions(org, isWrite);
  const record: OrgActions['record'] = async (object, id) =>
    shownSchema.parse(await actions.control('GET', `records/${object}/${id}`)).values;
  return {
    ...actions,
    record,
    records: () => {
      const show = async ([key, lead]: [string, string]) => {
        const contact = org.contactIds.get(key);
        const object = contact === undefined ? ('Lead' as const) : ('Contact' as const);
        const id = contact ?? lead;
        return { ...(await record(object, id)), object, id };
      };
      return pMap(org.leadIds, show, { concurrency: 20 });
    },
  };
}
