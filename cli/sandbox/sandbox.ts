// `leadgrade sandbox`: the local CRMs alone. Prints their addresses and credentials, and serves until it is terminated.
import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import type { Dataset } from '../../sandbox/dataset/dataset.ts';
import { loadLeadforge } from '../../sandbox/dataset/leadforge.ts';
import { seededDataset } from '../../sandbox/dataset/seeded.ts';
import { type FaultRule, faultScriptSchema } from '../../sandbox/http/fault-script.ts';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import type { WebhookSettingsInput } from '../../sandbox/hubspot/webhooks/webhook-settings.ts';
import { type SalesforceSandbox, startSalesforceSandbox } from '../../sandbox/salesforce/start.ts';
import { isLoopbackUrl, LOOPBACK_RULE } from '../../sandbox/webhooks/delivery-settings.ts';
import type { CommandIo } from '../terminal/io.ts';
import { instant } from '../terminal/options.ts';
import { waitForShutdownSignal } from '../terminal/shutdown-signal.ts';
import { shippedSubscriptions } from './subscriptions.ts';

const optionsSchema = z.object({
  hubspotPort: z.number(),
  salesforcePort: z.number(),
  contacts: z.number(),
  seed: z.number(),
  data: z.string().optional(),
  now: z.date().optional(),
  tier: z.enum(['free', 'pro', 'enterprise']),
  dayLimit: z.number().optional(),
  faults: z.string().optional(),
  webhooks: z.string().optional(),
  json: z.boolean().default(false),
});
type SandboxOptions = z.infer<typeof optionsSchema>;

export function sandboxCommand(io: CommandIo): Command {
  return new Command('sandbox')
    .description('run the local CRMs alone: they look like the real ones and hold made-up data')
    .option('--hubspot-port <port>', 'port of the HubSpot sandbox (0: any free one)', wholeNumber(0, 65_535), 0)
    .option('--salesforce-port <port>', 'port of the Salesforce sandbox (0: any free one)', wholeNumber(0, 65_535), 0)
    .option('--contacts <n>', 'how many contacts the seeded data set has', wholeNumber(1, 1_000_000), 2000)
    .option('--seed <n>', 'seed of the data set: the same one gives the same data', wholeNumber(0, 0xffffffff), 1)
    .option('--data <dir>', 'load a folder of the leadforge form in place of the seeded data set')
    .option('--now <instant>', 'where its clock starts, ISO (it runs; default: the real one)', instant)
    .addOption(
      new Option('--tier <tier>', 'what kind of HubSpot account')
        .choices(['free', 'pro', 'enterprise'])
        .default('enterprise'),
    )
    .option('--day-limit <calls>', "HubSpot calls a day (default: the tier's)", wholeNumber(1, 10_000_000))
    .option('--faults <file>', 'a fault script (JSON): which requests go wrong, and how')
    .option(
      '--webhooks <url>',
      'send webhooks, of what the shipped mapping reads, to a service on this machine: <url>/webhooks/hubspot',
      loopbackUrl,
    )
    .option('--json', 'print one line of JSON when it is ready')
    .action(async (given: unknown) => run(io, optionsSchema.parse(given)));
}

async function run(io: CommandIo, options: SandboxOptions): Promise<void> {
  const now = options.now ?? io.clock.now();
  const input = await readInput(io, options, now);
  if (!input) return;
  const { hubspotPort, salesforcePort, tier, dayLimit } = options;
  const common = { now, clock: io.clock, ...input };
  const optional = { ...(dayLimit === undefined ? {} : { dayLimit }), ...(await webhooksOf(options)) };
  const hubspot = await started(io, '--hubspot-port', () =>
    startHubSpotSandbox({ port: hubspotPort, tier, ...optional, ...common }),
  );
  if (!hubspot) return;
  const salesforce = await started(io, '--salesforce-port', () =>
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

/** One sandbox, or null when it cannot start (told on stderr). */
async function started<T>(io: CommandIo, portOption: string, start: () => Promise<T>): Promise<T | null> {
  try {
    return await start();
  } catch (error) {
    io.stderr.write(`The sandbox could not start: ${messageOf(error)}. Choose another ${portOption}.\n`);
    io.setExitCode(3);
    return null;
  }
}

/** The data set and the faults, or null when one of them cannot be read (told on stderr). */
async function readInput(
  io: CommandIo,
  options: SandboxOptions,
  now: Date,
): Promise<{ dataset: Dataset; faults: readonly FaultRule[] } | null> {
  try {
    const faults = options.faults === undefined ? [] : await readFaults(options.faults);
    const { contacts, seed } = options;
    const dataset =
      options.data === undefined ? seededDataset({ contacts, seed, now }) : loadLeadforge(options.data, now);
    return { dataset, faults };
  } catch (error) {
    io.stderr.write(`The sandbox could not start: ${messageOf(error)}\n`);
    io.setExitCode(2);
    return null;
  }
}

/** @throws an Error that names the file and the place in it */
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

/** Without the slash at its end. */
function loopbackUrl(text: string): string {
  if (!isLoopbackUrl(text)) throw new InvalidArgumentError(`It ${LOOPBACK_RULE}.`);
  return text.replace(/\/+$/, '');
}

function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < low || value > high) {
      throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
    }
    return value;
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
