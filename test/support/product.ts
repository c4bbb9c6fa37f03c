// The product over a sandbox HubSpot of its own, with one clock for both.
import { z } from 'zod';
import { type HubSpotSandbox, type HubSpotSandboxOptions, startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import { endWithTest } from '../../sandbox/test/end-with-test.ts';
import { type OnUpdate, startProxy } from './intercepting-proxy.ts';
import { openOver, type ProductOptions, type RunningProduct } from './running-product.ts';
import { type CrmActions, crmActions } from './sandbox-crm.ts';

export interface TestProductOptions extends ProductOptions {
  readonly sandbox?: Partial<Omit<HubSpotSandboxOptions, 'port' | 'clock' | 'dataset'>>;
  /** Answers the product's batch updates in place of the sandbox. */
  readonly onUpdate?: OnUpdate;
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

interface PortalActions extends CrmActions {
  /** The id of the contact with that key in the data set. */
  idOf(key: string): string;
  contact(id: string): Promise<SeenContact>;
  /** All contacts of the data set that are still there, with every property that is set; costs no call of the CRM's quota. */
  contacts(): Promise<readonly SeenContact[]>;
}

export interface TestProduct extends RunningProduct, PortalActions {
  readonly sandbox: HubSpotSandbox;
}

/** Opens it with our properties set up in the portal. Closed with the test that opens it. */
export async function openTestProduct(options: TestProductOptions = {}): Promise<TestProduct> {
  const { running, crms } = await openOver(options, async (dataset, clock) => {
    const sandbox = await startHubSpotSandbox({ port: 0, searchLagMs: 0, ...options.sandbox, dataset, clock });
    const closeSandbox = endWithTest(sandbox.close);
    const front = options.onUpdate === undefined ? null : await startProxy(sandbox.url, options.onUpdate);
    const close = async () => {
      await front?.close();
      await closeSandbox();
    };
    return { sandbox, settings: { ...portalSettings(sandbox), HUBSPOT_API_URL: front?.url ?? sandbox.url }, close };
  });
  return Object.assign(running, { sandbox: crms.sandbox }, portalActions(crms.sandbox));
}

function portalActions(sandbox: HubSpotSandbox): PortalActions {
  const actions = crmActions(sandbox, ({ path }) => path.endsWith('/contacts/batch/update'));
  const contact = async (id: string) => contactSchema.parse(await actions.control('GET', `contacts/${id}`));
  return {
    ...actions,
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

function portalSettings({ url, accessToken, clientSecret, appId }: HubSpotSandbox) {
  return {
    HUBSPOT_API_URL: url,
    HUBSPOT_ACCESS_TOKEN: accessToken,
    HUBSPOT_CLIENT_SECRET: clientSecret,
    HUBSPOT_APP_ID: appId,
  };
}
