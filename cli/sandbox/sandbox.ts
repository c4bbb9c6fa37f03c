// `npx leadgrade sandbox`: runs the local CRMs alone. Prints their addresses and credentials, and
// serves until a shutdown signal.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Dataset } from '../../sandbox/dataset/dataset.ts';
import { loadLeadforge, loadRecentLeadforge } from '../../sandbox/dataset/leadforge.ts';
import { seededDataset } from '../../sandbox/dataset/seeded.ts';
import { type FaultRule, faultScriptSchema } from '../../sandbox/http/fault-script.ts';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import type { WebhookSettingsInput } from '../../sandbox/hubspot/webhooks/webhook-settings.ts';
import { type SalesforceSandbox, startSalesforceSandbox } from '../../sandbox/salesforce/start.ts';
import type { CommandIo } from '../terminal/io.ts';
import { waitForShutdownSignal } from '../terminal/shutdown-signal.ts';
import { shippedSubscriptions } from './subscriptions.ts';

const optionsSchema = z.object({
  hubspotPort: z.number(),
  salesforcePort: z.number(),
  contacts: z.number(),
  seed: z.number(),
  data: z.string().optional(),
  recent: z.boolean().default(false),
  now: z.date().optional(),
  tier: z.enum(['free', 'pro', 'enterprise']),
  dayLimit: z.number().optional(),
  faults: z.string().optional(),
  webhooks: z.string().optional(),
  json: z.boolean().default(false),
});
type SandboxOptions = z.infer<typeof optionsSchema>;

export function runSandbox(io: CommandIo, options: unknown): Promise<void> {
  return run(io, optionsSchema.parse(options));
}

async function run(io: CommandIo, options: SandboxOptions): Promise<void> {
  const now = options.now ?? io.clock.now();
  const input = await readInput(io, options, now);
  if (!input) return;
  const { hubspotPort, salesforcePort, tier, dayLimit } = options;
  const common = { now, clock: io.clock, ...input };
  const optional = { ...(dayLimit === undefined ? {} : { dayLimit }), ...(await webhooksOf(options)) };
  const hubspot = await startOrReport(io, '--hubspot-port', () =>
    startHubSpotSandbox({ port: hubspotPort, tier, ...optional, ...common }),
  );
  if (!hubspot) return;
  const salesforce = await startOrReport(io, '--salesforce-port', () =>
    startSalesforceSandbox({ port: salesforcePort, ...common }),
  );
  if (!salesforce) return hubspot.close();
  const stopped = waitForShutdownSignal();
  const credentials = { hubspot: hubspotCredentials(hubspot), salesforce: salesforceCredentials(salesforce) };
  io.stdout.write(options.json ? `${JSON.stringify(credentials)}\n` : describe(hubspot, salesforce));
  await stopped;
  await Promise.all([hubspot.close(), salesforce.close()]);
}

async function webhooksOf({ webhooks }: SandboxOptions): Promise<{ webhooks?: WebhookSettingsInput }> {
  if (webhooks === undefined) return {};
  const subscriptions = await shippedSubscriptions();
  return { webhooks: { targetUrl: `${webhooks}/webhooks/hubspot`, subscriptions } };
}

/** @returns null if the sandbox cannot start; the reason is on standard error */
async function startOrReport<T>(io: CommandIo, portOption: string, start: () => Promise<T>): Promise<T | null> {
  try {
    return await start();
  } catch (error) {
    io.stderr.write(`The sandbox could not start: ${messageOf(error)}. Choose another ${portOption}.\n`);
    io.setExitCode(3);
    return null;
  }
}

/**
 * @returns null if the data set or the fault script cannot be read; the reason is on standard error
 */
async function readInput(
  io: CommandIo,
  options: SandboxOptions,
  now: Date,
): Promise<{ dataset: Dataset; faults: readonly FaultRule[] } | null> {
  try {
    const faults = options.faults === undefined ? [] : await readFaults(options.faults);
    return { dataset: loadDataset(options, now), faults };
  } catch (error) {
    io.stderr.write(`The sandbox could not start: ${messageOf(error)}\n`);
    io.setExitCode(2);
    return null;
  }
}

/** @throws if the folder of `data` cannot be read, or `recent` is set without it */
function loadDataset({ contacts, seed, data, recent }: SandboxOptions, now: Date): Dataset {
  if (data !== undefined) return recent ? loadRecentLeadforge(data, now) : loadLeadforge(data, now);
  if (recent) throw new Error('--recent moves the dates of a folder: add --data. The seeded data set is recent.');
  return seededDataset({ contacts, seed, now });
}

/** @throws an Error that names the file and the location in it */
async function readFaults(file: string): Promise<readonly FaultRule[]> {
  const parsed = faultScriptSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file} is not a fault script:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function hubspotCredentials({ url, accessToken, clientSecret, appId, portalId }: HubSpotSandbox) {
  return { url, accessToken, clientSecret, appId, portalId };
}

function salesforceCredentials({ url, clientId, clientSecret, orgId }: SalesforceSandbox) {
  return { url, clientId, clientSecret, orgId };
}

function describe(hubspot: HubSpotSandbox, salesforce: SalesforceSandbox): string {
  return [
    `HubSpot sandbox at ${hubspot.url}`,
    `  HUBSPOT_API_URL=${hubspot.url}`,
    `  HUBSPOT_ACCESS_TOKEN=${hubspot.accessToken}`,
    `  HUBSPOT_CLIENT_SECRET=${hubspot.clientSecret}`,
    `  HUBSPOT_APP_ID=${hubspot.appId}`,
    `Salesforce sandbox at ${salesforce.url}`,
    `  SALESFORCE_LOGIN_URL=${salesforce.url}`,
    `  SALESFORCE_CLIENT_ID=${salesforce.clientId}`,
    `  SALESFORCE_CLIENT_SECRET=${salesforce.clientSecret}`,
    `  SALESFORCE_ORG_ID=${salesforce.orgId}`,
    'Press Ctrl+C to end it.',
    '',
  ].join('\n');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
