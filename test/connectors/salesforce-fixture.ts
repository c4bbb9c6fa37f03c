// The connector's parts on the shipped mapping over a sandbox org of their own, with the org's clock and little patience.
import { readFileSync } from 'node:fs';
import type { ChangePage, Cursor, Patience } from '../../connectors/connector.ts';
import { createParts } from '../../connectors/salesforce/parts.ts';
import { settingsSchema } from '../../connectors/salesforce/settings.ts';
import type { SalesforceParts, StreamReader } from '../../connectors/salesforce/stream.ts';
import { type Mapping, readMapping } from '../../src/mapping/mapping.ts';
import { startTestOrg, type TestOrg } from '../sandbox/salesforce/sandbox-under-test.ts';

export const SIGNAL = new AbortController().signal;
export const IMPATIENT: Patience = { timeoutMs: 2_000, retries: 2, firstWaitMs: 1, longestWaitMs: 60_000 };

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

export function settingsOf(org: TestOrg, more: Readonly<Record<string, string>> = {}) {
  return settingsSchema.parse({
    SALESFORCE_LOGIN_URL: org.url,
    SALESFORCE_CLIENT_ID: org.clientId,
    SALESFORCE_CLIENT_SECRET: org.clientSecret,
    ...more,
  });
}

/** @param more settings over the usual ones */
export async function connectedOrg(
  options: Parameters<typeof startTestOrg>[0] = {},
  { mapping = shippedMapping(), more = {} }: { mapping?: Mapping; more?: Readonly<Record<string, string>> } = {},
): Promise<ConnectedOrg> {
  const org = await startTestOrg(options);
  const clock = { now: () => new Date(org.now()) };
  return { org, parts: createParts({ settings: settingsOf(org, more), mapping, clock, patience: IMPATIENT }) };
}

export async function pagesOf(reader: StreamReader, cursor: Cursor | null): Promise<readonly ChangePage[]> {
  const pages: ChangePage[] = [];
  for await (const page of reader.read(cursor, SIGNAL)) pages.push(page);
  return pages;
}
