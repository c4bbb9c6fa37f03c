// A connector on the shipped mapping against an intercepted HubSpot, with a clock that stands still
// and short retries.
import { readFileSync } from 'node:fs';
import nock from 'nock';
import { create, settingsSchema } from '../../../connectors/hubspot/index.ts';
import type { ChangePage, CrmConnector, Cursor, RetryOptions } from '../../../src/crm/connector.ts';
import { type Mapping, readMapping } from '../../../src/mapping/mapping.ts';
import { createMemoryLimiter, type MemoryLimiter } from '../../support/memory-limiter.ts';

export const NOW = new Date('2026-11-22T12:00:00.000Z');
const API = 'https://api.hubapi.com';
export const CRM = '/crm/objects/2026-03';
export const TARGET = { statuses: [{ value: 'hot', label: 'Hot' }] };

export function shippedMapping(): Mapping {
  const { mapping, problems } = readMapping(readFileSync('mappings/hubspot.yaml', 'utf8'), 'mappings/hubspot.yaml');
  if (mapping === null) throw new Error(JSON.stringify(problems));
  return mapping;
}

export interface Fixture {
  readonly connector: CrmConnector;
  readonly limiter: MemoryLimiter;
  readonly signal: AbortSignal;
  readonly clock: { at: Date; now(): Date };
}

export function connect(
  retryOptions: Partial<RetryOptions> = {},
  mapping = shippedMapping(),
  more: Readonly<Record<string, string>> = {},
): Fixture {
  const limiter = createMemoryLimiter();
  const clock = { at: NOW, now: () => clock.at };
  const settings = settingsSchema.parse({ HUBSPOT_ACCESS_TOKEN: 'test-token', ...more });
  const short = { timeoutMs: 2000, retries: 2, initialDelayMs: 1, maxThrottleWaitMs: 60_000, ...retryOptions };
  const connector = create({ settings, mapping, limiter, clock, retryOptions: short });
  return { connector, limiter, clock, signal: new AbortController().signal };
}

export async function pagesOf({ connector, signal }: Fixture, stream: string, cursor: Cursor | null) {
  const pages: ChangePage[] = [];
  const found = connector.streams.find(({ id }) => id === stream)!;
  for await (const page of connector.listChanges(found, cursor, signal)) pages.push(page);
  return pages;
}

export function hubspot() {
  return nock(API);
}
