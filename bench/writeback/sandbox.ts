// A process of the benchmark: one sandbox CRM with people alone. Prints its address, its settings for the product and the IDs
// of the records, and serves until it is ended.
import { once } from 'node:events';
import type { Dataset } from '../../sandbox/dataset/dataset.ts';
import { startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import type { Tier } from '../../sandbox/hubspot/tier.ts';
import { startSalesforceSandbox } from '../../sandbox/salesforce/start.ts';

export interface SandboxOptions {
  readonly crm: 'hubspot' | 'salesforce';
  readonly people: number;
  readonly tier: Tier;
  /** The time that a call takes on its way. */
  readonly latencyMs: number;
}

export interface StartedSandbox {
  readonly url: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly object: string;
  readonly ids: readonly string[];
}

const CREATED_AT = Date.UTC(2026, 0, 15);

function peopleOnly(count: number): Dataset {
  const people = Array.from({ length: count }, (_, index) => ({
    key: `person-${index}`,
    company: null,
    email: `person${index}@example.com`,
    firstName: `First${index}`,
    lastName: `Last${index}`,
    jobTitle: 'Marketing Manager',
    seniority: null,
    department: null,
    phone: null,
    country: 'US',
    lifecycle: 'lead',
    leadSource: null,
    optedOut: false,
    createdAt: CREATED_AT,
    modifiedAt: CREATED_AT,
  }));
  return { companies: [], people, activities: [], opportunities: [] };
}

async function startSandbox({ crm, people, tier, latencyMs }: SandboxOptions): Promise<StartedSandbox> {
  const faults = latencyMs > 0 ? [{ match: {}, action: { delayMs: latencyMs } }] : [];
  const common = { port: 0, dataset: peopleOnly(people), clock: { now: () => new Date() }, faults };
  if (crm === 'hubspot') {
    const { url, accessToken, contactIds } = await startHubSpotSandbox({ ...common, tier });
    const settings = { HUBSPOT_API_URL: url, HUBSPOT_ACCESS_TOKEN: accessToken };
    return { url, settings, object: 'contacts', ids: [...contactIds.values()] };
  }
  const { url, clientId, clientSecret, leadIds } = await startSalesforceSandbox(common);
  const settings = {
    SALESFORCE_LOGIN_URL: url,
    SALESFORCE_CLIENT_ID: clientId,
    SALESFORCE_CLIENT_SECRET: clientSecret,
  };
  return { url, settings, object: 'Lead', ids: [...leadIds.values()] };
}

const started = await startSandbox(JSON.parse(process.argv[2] ?? '{}') as SandboxOptions);
if (!process.stdout.write(`${JSON.stringify(started)}\n`)) await once(process.stdout, 'drain');
