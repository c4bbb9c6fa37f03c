// A burst as of an import: 10 senders, each with one request of 100 events in flight, over all
// contacts. Halfway through, a demo request must overtake the burst.
import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { control, type LoggedCall, loggedCalls } from '../../cli/demo/sandbox-log.ts';
import type { BenchEnvironment } from './environment.ts';
import { percentiles } from './percentiles.ts';
import { type Contact, isRead, isWrite, logEnd, writtenAt } from './sandbox-writes.ts';
import { sendDemoRequest } from './site-event.ts';

const SENDERS = 10;
const EVENTS_PER_REQUEST = 100;
const DEBOUNCE_MS = 5_000;
/** Contacts that really change during the burst, one after the other. */
const CHANGED_CONTACTS = 300;

export interface BurstResult {
  readonly seconds: number;
  readonly requests: number;
  readonly eventsPerSecond: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** From the demo request to the sandbox's log entry of the write; null = not within 30 s. */
  readonly demoMs: number | null;
  readonly readsOfContacts: number;
  /** Reads of a contact within the debounce window after its last read. */
  readonly readsTooSoon: number;
  readonly writes: number;
  /** From the end of the burst until nothing is pending. */
  readonly drainSeconds: number;
  /** Contacts with a wrong score: those that a backfill afterwards writes again. */
  readonly rewritten: number;
  /** Peak resident memory of the service, in MB. */
  readonly peakMemory: number;
}

export async function burst(
  environment: BenchEnvironment,
  contacts: readonly Contact[],
  seconds: number,
): Promise<BurstResult> {
  const since = await logEnd(environment);
  const durations: number[] = [];
  const statuses: Record<string, number> = {};
  const until = performance.now() + seconds * 1_000;
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
  const sender = async (number: number) => {
    for (let requestNumber = 0; performance.now() < until; requestNumber++) {
      const body = Buffer.from(JSON.stringify(eventsOf(environment, contacts, number * 1_000_000 + requestNumber)));
      const started = performance.now();
      const status = await send(environment, agent, body);
      durations.push(performance.now() - started);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  const changedContacts = contacts.slice(0, CHANGED_CONTACTS);
  const demo = contacts.at(-1);
  const [, demoMs] = await Promise.all([
    Promise.all(Array.from({ length: SENDERS }, (_, number) => sender(number))),
    measureDemoRequest(environment, demo, seconds),
    changeContacts(environment, changedContacts, until),
  ]);
  const finished = performance.now();
  agent.destroy();
  await environment.untilWritten();
  const drainSeconds = Math.round((performance.now() - finished) / 1_000);
  const log = await loggedCalls(environment.sandbox, since);
  const reads = log.filter(isRead);
  const at = percentiles(durations);
  return {
    seconds,
    requests: durations.length,
    eventsPerSecond: Math.round((durations.length * EVENTS_PER_REQUEST) / seconds),
    statuses,
    p50: at(0.5),
    p99: at(0.99),
    max: at(1),
    demoMs,
    readsOfContacts: reads.reduce((sum, { ids = [] }) => sum + ids.length, 0),
    readsTooSoon: countTooSoon(reads),
    writes: log.filter(isWrite).length,
    drainSeconds,
    rewritten: await countRewritten(environment),
    peakMemory: await environment.peakMemory(),
  };
}

let eventId = 0;

function eventsOf({ sandbox }: BenchEnvironment, contacts: readonly Contact[], salt: number): readonly object[] {
  return Array.from({ length: EVENTS_PER_REQUEST }, (_, at) => {
    eventId += 1;
    const contact = contacts[(salt * 7919 + at * 104_729) % contacts.length];
    return {
      eventId,
      subscriptionId: 1,
      portalId: Number(sandbox.portalId),
      appId: Number(sandbox.appId),
      occurredAt: Date.now(),
      subscriptionType: 'contact.propertyChange',
      attemptNumber: 0,
      objectId: Number(contact?.id),
      propertyName: 'jobtitle',
      propertyValue: `Title ${eventId}`,
      changeSource: 'IMPORT',
      sourceId: '1',
    };
  });
}

function send({ url, sandbox }: BenchEnvironment, agent: Agent, body: Buffer): Promise<number> {
  const timestamp = String(Date.now());
  const signature = createHmac('sha256', sandbox.clientSecret)
    .update(`POST${url}/webhooks/hubspot`)
    .update(body)
    .update(timestamp)
    .digest('base64');
  return new Promise((resolve) => {
    const sending = request(`${url}/webhooks/hubspot`, {
      method: 'POST',
      agent,
      headers: {
        'content-type': 'application/json',
        'content-length': body.length,
        'x-hubspot-request-timestamp': timestamp,
        'x-hubspot-signature-v3': signature,
      },
    });
    sending.once('response', (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    sending.once('error', () => resolve(0));
    sending.end(body);
  });
}

async function measureDemoRequest(
  environment: BenchEnvironment,
  contact: Contact | undefined,
  seconds: number,
): Promise<number | null> {
  await new Promise((resolve) => setTimeout(resolve, seconds * 500));
  if (!contact) return null;
  const since = await logEnd(environment);
  const started = Date.now();
  await sendDemoRequest(environment, contact.email);
  const at = await writtenAt(environment, contact.id, since, 30_000);
  return at === null ? null : at - started;
}

async function changeContacts(
  environment: BenchEnvironment,
  contacts: readonly Contact[],
  until: number,
): Promise<void> {
  for (const { id } of contacts) {
    if (performance.now() >= until) return;
    await control(environment.sandbox, 'PATCH', `contacts/${id}`, { properties: { jobtitle: 'Student at last' } });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function countTooSoon(reads: readonly LoggedCall[]): number {
  const last = new Map<string, number>();
  let tooSoon = 0;
  for (const { at, ids = [] } of reads) {
    const now = at.getTime();
    for (const id of ids) {
      // The log has the time of arrival at the sandbox, the service that of the request: 500 ms of
      // tolerance.
      if (now - (last.get(id) ?? Number.NEGATIVE_INFINITY) < DEBOUNCE_MS - 500) tooSoon += 1;
      last.set(id, now);
    }
  }
  return tooSoon;
}

async function countRewritten(environment: BenchEnvironment): Promise<number> {
  const since = await logEnd(environment);
  await environment.runCommand('backfill', '--json');
  const log = await loggedCalls(environment.sandbox, since);
  return log.filter(isWrite).reduce((sum, { ids = [] }) => sum + ids.length, 0);
}
