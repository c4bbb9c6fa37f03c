// A Salesforce sandbox with a small data set, a clock that only the test advances, and a simple
// client.
import type { SeedActivity, SeedOpportunity } from '../../dataset/dataset.ts';
import {
  type SalesforceSandbox,
  type SalesforceSandboxOptions,
  startSalesforceSandbox,
} from '../../salesforce/start.ts';
import { endWithTest } from '../end-with-test.ts';
import { people } from '../hubspot/sandbox-under-test.ts';

export const NOW = new Date('2026-03-10T12:00:00Z');
export const V = '/services/data/v66.0';

interface TestResponse {
  status: number;
  headers: Headers;
  /** Parsed JSON, or text. */
  body: ReturnType<typeof JSON.parse>;
}

export interface TestOrg extends SalesforceSandbox {
  /** Advances the sandbox's clock. */
  advanceClock(ms: number): void;
  now(): number;
  /** Calls the API with a valid token. `path` follows the version. A text body is sent as CSV. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<TestResponse>;
  query(soql: string, all?: boolean): Promise<TestResponse>;
  /** One column of a query's rows. */
  column(soql: string, name?: string): Promise<unknown[]>;
  control(method: string, path: string, body?: unknown): Promise<TestResponse>;
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<TestResponse>;
  login(form?: Record<string, string>): Promise<TestResponse>;
  /** The ID of the lead (or contact) of person `p<number>`. */
  lead(number: number): string;
  contact(number: number): string;
}

/** Closed with the test that starts it. */
export async function startTestOrg(
  options: Partial<Omit<SalesforceSandboxOptions, 'port' | 'clock' | 'now'>> = {},
): Promise<TestOrg> {
  let now = NOW.getTime();
  const clock = { now: () => new Date(now) };
  const sandbox = await startSalesforceSandbox({ port: 0, clock, dataset: people(3), ...options });
  const close = endWithTest(sandbox.close);
  const send: TestOrg['send'] = async (method, path, body, headers = {}) => {
    const isText = typeof body === 'string';
    const type = isText ? 'text/csv' : 'application/json';
    const response = await fetch(`${sandbox.url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': type }), ...headers },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = text !== '' && (response.headers.get('content-type')?.includes('application/json') ?? false);
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
  const login: TestOrg['login'] = async (form) => {
    const { clientId, clientSecret } = sandbox;
    const fields = form ?? { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const body = new URLSearchParams(fields);
    const response = await fetch(`${sandbox.url}/services/oauth2/token`, { method: 'POST', body });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  let token = (await login()).body.access_token;
  const call: TestOrg['call'] = async (method, path, body, headers) => {
    const response = await send(method, `${V}${path}`, body, { authorization: `Bearer ${token}`, ...headers });
    if (response.status !== 401) return response;
    token = (await login()).body.access_token;
    return response;
  };
  const query: TestOrg['query'] = (soql, all = false) =>
    call('GET', `/${all ? 'queryAll' : 'query'}?q=${encodeURIComponent(soql)}`);
  return {
    ...sandbox,
    close,
    advanceClock: (ms) => {
      now += ms;
    },
    now: () => now,
    call,
    query,
    column: async (soql, name = 'Id') =>
      (await query(soql)).body.records.map((row: Record<string, unknown>) => row[name]),
    control: (method, path, body) => send(method, `/_sandbox${path}`, body),
    send,
    login,
    lead: (number) => sandbox.leadIds.get(`p${number}`)!,
    contact: (number) => sandbox.contactIds.get(`p${number}`)!,
  };
}

/**
 * People p0, p1 ...; those with the given numbers have an opportunity, and so were converted to
 * contacts.
 */
export function peopleWithDeals(count: number, deals: readonly number[], activities: readonly SeedActivity[] = []) {
  return { ...people(count, activities), opportunities: deals.map(deal) };
}

function deal(person: number): SeedOpportunity {
  return {
    key: `d${person}`,
    person: `p${person}`,
    company: 'acme',
    stage: 'closed_won',
    stageAt: Date.parse('2026-02-01T00:00:00Z'),
    amount: 500,
    createdAt: Date.parse('2026-01-15T00:00:00Z'),
  };
}
