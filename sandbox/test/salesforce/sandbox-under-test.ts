// A sandbox org on a small data set and a clock that stands still until a test moves it, and a plain client for it.
import type { SeedActivity, SeedOpportunity } from '../../dataset/dataset.ts';
import {
  type SalesforceSandbox,
  type SalesforceSandboxOptions,
  startSalesforceSandbox,
} from '../../salesforce/start.ts';
import { people } from '../hubspot/sandbox-under-test.ts';

export const NOW = new Date('2026-03-10T12:00:00Z');
export const V = '/services/data/v66.0';

interface Answer {
  status: number;
  headers: Headers;
  /** Parsed JSON, or text. */
  body: ReturnType<typeof JSON.parse>;
}

export interface TestOrg extends SalesforceSandbox {
  /** Lets that much time pass. */
  pass(ms: number): void;
  now(): number;
  /** With a good token; the path stands behind the version. A body that is text is sent as CSV. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  query(soql: string, all?: boolean): Promise<Answer>;
  /** One column of a query's rows. */
  column(soql: string, name?: string): Promise<unknown[]>;
  control(method: string, path: string, body?: unknown): Promise<Answer>;
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  login(form?: Record<string, string>): Promise<Answer>;
  /** The id of the lead, or contact, of the person with that number. */
  lead(number: number): string;
  contact(number: number): string;
}

export async function startTestOrg(
  options: Partial<Omit<SalesforceSandboxOptions, 'port' | 'clock' | 'now'>> = {},
): Promise<TestOrg> {
  let now = NOW.getTime();
  const clock = { now: () => new Date(now) };
  const sandbox = await startSalesforceSandbox({ port: 0, clock, dataset: people(3), ...options });
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
    const given = form ?? { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const body = new URLSearchParams(given);
    const response = await fetch(`${sandbox.url}/services/oauth2/token`, { method: 'POST', body });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  let token = (await login()).body.access_token;
  const call: TestOrg['call'] = async (method, path, body, headers) => {
    const answer = await send(method, `${V}${path}`, body, { authorization: `Bearer ${token}`, ...headers });
    if (answer.status !== 401) return answer;
    token = (await login()).body.access_token;
    return answer;
  };
  const query: TestOrg['query'] = (soql, all = false) =>
    call('GET', `/${all ? 'queryAll' : 'query'}?q=${encodeURIComponent(soql)}`);
  return {
    ...sandbox,
    pass: (ms) => {
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

/** p0, p1 ...; those with the given numbers have an opportunity, and so became contacts. */
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
