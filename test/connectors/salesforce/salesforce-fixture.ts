// Connects the parts of the connector, with the shipped mapping, to a sandbox org of their own.
// They use the clock of the org and short retries.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { settingsSchema } from '../../../connectors/salesforce/http/settings.ts';
import type { SalesforceParts } from '../../../connectors/salesforce/parts.ts';
import { createParts } from '../../../connectors/salesforce/parts.ts';
import type { StreamReader } from '../../../connectors/salesforce/streams/stream-reader.ts';
import { startTestOrg, type TestOrg } from '../../../sandbox/test/salesforce/sandbox-under-test.ts';
import type { ChangePage, Cursor, RetryOptions } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { type Mapping, readMapping } from '../../../src/mapping/mapping.ts';

export const SIGNAL = new AbortController().signal;
export const FAST_RETRIES: RetryOptions = {
  timeoutMs: 2_000,
  retries: 2,
  initialDelayMs: 1,
  maxThrottleWaitMs: 60_000,
};

export function shippedMapping(): Mapping {
  const { mapping, problems } = readMapping(
    readFileSync('mappings/salesforce.yaml', 'utf8'),
    'mappings/salesforce.yaml',
  );
  if (mapping === null) throw new Error(JSON.stringify(problems));
  return mapping;
}

export interface ConnectedOrg {
  readonly org: TestOrg;
  readonly parts: SalesforceParts;
}

function settingsOf(org: TestOrg, more: Readonly<Record<string, string>> = {}) {
  return settingsSchema.parse({
    SALESFORCE_LOGIN_URL: org.url,
    SALESFORCE_CLIENT_ID: org.clientId,
    SALESFORCE_CLIENT_SECRET: org.clientSecret,
    ...more,
  });
}

interface Connected {
  readonly mapping?: Mapping;
  /** Override the default settings. */
  readonly more?: Readonly<Record<string, string>>;
  /** How far our clock is ahead of the clock of the org. */
  readonly aheadMs?: number;
  readonly retryOptions?: Partial<RetryOptions>;
}

/** The org is closed with the test that connects to it. */
export async function connectedOrg(
  options: Parameters<typeof startTestOrg>[0] = {},
  connected: Connected = {},
): Promise<ConnectedOrg> {
  const org = await startTestOrg(options);
  return { org, parts: partsFor(org, connected) };
}

/** The parts of another process that uses the same org. */
export function partsFor(org: TestOrg, connected: Connected = {}): SalesforceParts {
  const { mapping = shippedMapping(), more = {}, aheadMs = 0, retryOptions = {} } = connected;
  const clock = { now: () => new Date(org.now() + aheadMs) };
  const settings = settingsOf(org, more);
  return createParts({ settings, mapping, clock, retryOptions: { ...FAST_RETRIES, ...retryOptions } });
}

export async function failure(promise: Promise<unknown>): Promise<ConnectorError> {
  const error: unknown = await promise.then(() => null).catch((reason: unknown) => reason);
  if (!(error instanceof ConnectorError)) throw new Error(`expected a ConnectorError, got ${String(error)}`);
  return error;
}

/** The requests to the org, in order: `GET /query`; a login is `login`. */
export async function requestLog(org: TestOrg): Promise<string[]> {
  const { body } = await org.control('GET', '/log');
  const lines = z
    .string()
    .parse(body)
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => {
    const { method, path } = logged.parse(JSON.parse(line));
    return path === '/services/oauth2/token' ? 'login' : `${method} ${path.replace(/^\/services\/data\/v\d+\.0/, '')}`;
  });
}

const logged = z.object({ method: z.string(), path: z.string() });

export async function pagesOf(reader: StreamReader, cursor: Cursor | null): Promise<readonly ChangePage[]> {
  const pages: ChangePage[] = [];
  for await (const page of reader.read(cursor, SIGNAL)) pages.push(page);
  return pages;
}
