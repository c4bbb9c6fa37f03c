// A HubSpot sandbox with a small data set, a clock that only the test advances, and a simple
// client.
import type { Dataset, SeedActivity, SeedCompany, SeedPerson } from '../../dataset/dataset.ts';
import { type HubSpotSandbox, type HubSpotSandboxOptions, startHubSpotSandbox } from '../../hubspot/start.ts';
import { endWithTest } from '../end-with-test.ts';

export const NOW = new Date('2026-03-10T12:00:00Z');

interface TestResponse {
  status: number;
  headers: Headers;
  /** Parsed JSON, or text. */
  body: ReturnType<typeof JSON.parse>;
}

export interface TestSandbox extends HubSpotSandbox {
  /** Advances the sandbox's clock. */
  advanceClock(ms: number): void;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<TestResponse>;
  control(method: string, path: string, body?: unknown): Promise<TestResponse>;
  /** The contact ID of person `p<number>`. */
  id(number: number): string;
}

/** Closed with the test that starts it. */
export async function startTestSandbox(
  options: Partial<Omit<HubSpotSandboxOptions, 'port' | 'clock' | 'now'>> = {},
): Promise<TestSandbox> {
  let now = NOW.getTime();
  const clock = { now: () => new Date(now) };
  const sandbox = await startHubSpotSandbox({ port: 0, clock, dataset: people(3), ...options });
  const send = async (
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<TestResponse> => {
    const response = await fetch(`${sandbox.url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('application/json') ?? false;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
  return {
    ...sandbox,
    close: endWithTest(sandbox.close),
    advanceClock: (ms) => {
      now += ms;
    },
    call: (method, path, body, headers) =>
      send(method, path, body, { authorization: `Bearer ${sandbox.accessToken}`, ...headers }),
    control: (method, path, body) => send(method, `/_sandbox${path}`, body, {}),
    id: (number) => sandbox.contactIds.get(`p${number}`)!,
  };
}

const ACME: SeedCompany = {
  key: 'acme',
  name: 'Acme',
  domain: 'acme.example',
  industry: 'COMPUTER_SOFTWARE',
  employees: 250,
  revenue: null,
  country: 'Germany',
  technologies: ['salesforce', 'segment'],
  lifecycle: null,
  createdAt: Date.parse('2025-01-01T00:00:00Z'),
  modifiedAt: Date.parse('2025-06-01T00:00:00Z'),
};

/** People p0, p1 ...; those with an even number work at the one company. */
export function people(count: number, activities: readonly SeedActivity[] = []): Dataset {
  return {
    companies: [ACME],
    people: Array.from({ length: count }, (_, at) => person(at)),
    activities,
    opportunities: [],
  };
}

function person(at: number): SeedPerson {
  return {
    key: `p${at}`,
    company: at % 2 === 0 ? 'acme' : null,
    email: `p${at}@acme.example`,
    firstName: 'Pat',
    lastName: `Number${at}`,
    jobTitle: at === 0 ? 'VP Marketing' : null,
    seniority: null,
    department: null,
    phone: null,
    country: null,
    lifecycle: 'lead',
    leadSource: null,
    optedOut: false,
    createdAt: Date.parse('2025-01-01T00:00:00Z'),
    modifiedAt: Date.parse('2026-01-01T00:00:00Z') + at * 1000,
  };
}
