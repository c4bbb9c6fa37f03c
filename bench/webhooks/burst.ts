// An import storm: senders that each have one request of 100 events under way, for a minute, over all contacts; in the middle
// somebody asks for a demo.
import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { control } from '../../cli/demo/sandbox-log.ts';
import type { Stage } from './environment.ts';
import { percentiles } from './percentiles.ts';
import { type Contact, isRead, isWrite, type LoggedCall, logEnd, loggedSince, writtenAt } from './sandbox-writes.ts';
import { askForDemo } from './site-event.ts';

const SENDERS = 10;
const EVENTS = 100;
const QUIET_MS = 5_000;
/** Contacts that really change meanwhile, one after the other. */
const CHANGING = 300;

export interface StormResult {
  readonly seconds: number;
  readonly requests: number;
  readonly eventsPerSecond: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  /** From the request to the sandbox's log of the write; null = not within 30 s. */
  readonly demoMs: number | null;
  readonly readsOfContacts: number;
  /** Reads of a contact less than the quiet time after the one before. */
  readonly readsTooSoon: number;
  readonly writes: number;
  readonly settledSeconds: number;
  /** Contacts that are not as they should be: whom a reading of everything afterwards writes again. */
  readonly rewritten: number;
  readonly peakMemory: number;
}

export async function burst(stage: Stage, contacts: readonly Contact[], seconds: number): Promise<StormResult> {
  const since = await logEnd(stage);
  const took: number[] = [];
  const statuses: Record<string, number> = {};
  const until = performance.now() + seconds * 1_000;
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
  const sender = async (number: number) => {
    for (let round = 0; performance.now() < until; round++) {
      const body = Buffer.from(JSON.stringify(eventsOf(stage, contacts, number * 1_000_000 + round)));
      const began = performance.now();
      const status = await send(stage, agent, body);
      took.push(performance.now() - began);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  const changing = contacts.slice(0, CHANGING);
  const demo = contacts.at(-1);
  const [, demoMs] = await Promise.all([
    Promise.all(Array.from({ length: SENDERS }, (_, number) => sender(number))),
    demoInTheMiddle(stage, demo, seconds),
    changeOneByOne(stage, changing, until),
  ]);
  const ended = performance.now();
  agent.destroy();
  await stage.allWritten();
  const settledSeconds = Math.round((performance.now() - ended) / 1_000);
  const log = await loggedSince(stage, since);
  const reads = log.filter(isRead);
  const at = percentiles(took);
  return {
    seconds,
    requests: took.length,
    eventsPerSecond: Math.round((took.length * EVENTS) / seconds),
    statuses,
    p50: at(0.5),
    p99: at(0.99),
    most: at(1),
    demoMs,
    readsOfContacts: reads.reduce((sum, { ids = [] }) => sum + ids.length, 0),
    readsTooSoon: countTooSoon(reads),
    writes: log.filter(isWrite).length,
    settledSeconds,
    rewritten: await countRewritten(stage),
    peakMemory: await stage.peakMemory(),
  };
}

let eventId = 0;

function eventsOf({ sandbox }: Stage, contacts: readonly Contact[], salt: number): readonly object[] {
  return Array.from({ length: EVENTS }, (_, at) => {
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

function send({ url, sandbox }: Stage, agent: Agent, body: Buffer): Promise<number> {
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
    sending.once('response', (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
    });
    sending.once('error', () => resolve(0));
    sending.end(body);
  });
}

async function demoInTheMiddle(stage: Stage, contact: Contact | undefined, seconds: number): Promise<number | null> {
  await new Promise((resolve) => setTimeout(resolve, seconds * 500));
  if (!contact) return null;
  const since = await logEnd(stage);
  const began = Date.now();
  await askForDemo(stage, contact.email);
  const at = await writtenAt(stage, contact.id, since, 30_000);
  return at === null ? null : at - began;
}

async function changeOneByOne(stage: Stage, contacts: readonly Contact[], until: number): Promise<void> {
  for (const { id } of contacts) {
    if (performance.now() >= until) return;
    await control(stage.sandbox, 'PATCH', `contacts/${id}`, { properties: { jobtitle: 'Student at last' } });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function countTooSoon(reads: readonly LoggedCall[]): number {
  const last = new Map<string, number>();
  let tooSoon = 0;
  for (const { at, ids = [] } of reads) {
    const now = Date.parse(at);
    for (const id of ids) {
      // The moment of the log is that of the arrival at the sandbox, ours that of the asking.
      if (now - (last.get(id) ?? Number.NEGATIVE_INFINITY) < QUIET_MS - 500) tooSoon += 1;
      last.set(id, now);
    }
  }
  return tooSoon;
}

async function countRewritten(stage: Stage): Promise<number> {
  const since = await logEnd(stage);
  await stage.command('backfill', '--json');
  const log = await loggedSince(stage, since);
  return log.filter(isWrite).reduce((sum, { ids = [] }) => sum + ids.length, 0);
}
