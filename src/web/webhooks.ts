// `POST /webhooks/<crm>`: what a CRM sends is verified, stored, and only then acknowledged. Nothing is read or scored here.
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response, Router } from 'express';
import type { Kysely } from 'kysely';
import {
  toArrivedEvent,
  type WebhookReceiver,
  type WebhookRequest,
  type WebhookVerdict,
} from '../../connectors/webhook.ts';
import type { Clock } from '../domain/clock.ts';
import { knownAccount } from '../store/accounts.ts';
import { type ArrivedEvent, putInInbox } from '../store/inbox.ts';
import { putInQuarantine } from '../store/quarantine.ts';
import type { Tables } from '../store/tables.ts';
import { createGatherer } from './gather.ts';
import type { Metrics } from './metrics.ts';
import { within } from './within.ts';

export interface WebhookParts {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: { warn(details: object, message: string): void };
  /** How the CRM reaches us; absent: nothing that is signed with the address can be verified. */
  readonly publicUrl: string | undefined;
  readonly receivers: ReadonlyMap<string, WebhookReceiver>;
  /** Tells that something was stored. */
  readonly ring: () => void;
}

const TOLD_EVERY_MS = 60_000;
/** HubSpot waits five seconds and comes again; with a clear answer it comes again sooner. */
const STORE_MS = 900;
/** Requests whose events go into one statement. */
const MOST_TOGETHER = 10;

type Refused = Extract<WebhookVerdict, { kind: 'refused' }>;
type Accepted = Extract<WebhookVerdict, { kind: 'accepted' }>;

export function webhookRoutes(parts: WebhookParts): Router {
  const router = Router();
  for (const [crm, receiver] of parts.receivers) {
    const door = createDoor(parts, crm, receiver);
    const body = express.raw({ type: () => true, limit: receiver.maxBytes });
    router.post(`/webhooks/${crm}{/*rest}`, door.refuse, body, door.receive, door.failed);
  }
  return router;
}

function createDoor(parts: WebhookParts, crm: string, receiver: WebhookReceiver) {
  const { clock, metrics, log } = parts;
  const began = new WeakMap<Request, number>();
  const told = new Map<string, number>();
  const keep = createKeeper(parts, crm);
  const count = (request: Request, outcome: string) => {
    metrics.request(crm, outcome, (performance.now() - (began.get(request) ?? performance.now())) / 1_000);
  };
  const deny = (request: Request, response: Response, { status, reason, detail }: Refused) => {
    count(request, reason);
    // Everybody may knock: the log tells of it once a minute, the metrics of each time.
    const now = clock.now().getTime();
    if (now - (told.get(reason) ?? 0) >= TOLD_EVERY_MS) {
      told.set(reason, now);
      log.warn({ crm, reason }, `${crm}: a webhook was refused: ${detail}`);
    }
    // Nobody who is not the CRM learns what is wrong.
    response.status(status).json({ error: status === 404 ? 'There is nothing at this address.' : 'Not accepted.' });
  };
  const refuse: RequestHandler = (request, response, next) => {
    began.set(request, performance.now());
    if (parts.publicUrl === undefined && receiver.signsAddress) {
      count(request, 'no-public-url');
      response.status(503).json({ error: 'PUBLIC_URL is not set.' });
      return;
    }
    const refused = receiver.refuse(toWebhookRequest(request, parts.publicUrl ?? '', Buffer.alloc(0), clock.now()));
    if (refused) return deny(request, response, refused);
    next();
  };
  const receive: RequestHandler = async (request, response) => {
    const body: unknown = request.body;
    const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    const now = clock.now();
    const verdict = receiver.receive(toWebhookRequest(request, parts.publicUrl ?? '', bytes, now));
    if (verdict.kind === 'refused') return deny(request, response, verdict);
    try {
      await within(STORE_MS, keep(verdict, now));
    } catch {
      count(request, 'not-stored');
      response.status(503).set('retry-after', '5').json({ error: 'It could not be stored. Send it again.' });
      return;
    }
    count(request, 'stored');
    if (verdict.answer) response.type(verdict.answer.contentType).send(verdict.answer.body);
    else response.status(200).end();
  };
  const failed: ErrorRequestHandler = (error: unknown, request, response, _next) => {
    const status = statusOf(error);
    count(request, status === 413 ? 'too-large' : 'bad-body');
    response
      .status(status)
      .json({ error: status === 413 ? `At most ${receiver.maxBytes} bytes.` : 'The body cannot be read.' });
  };
  return { refuse, receive, failed };
}

function toWebhookRequest(request: Request, publicUrl: string, body: Buffer, receivedAt: Date): WebhookRequest {
  const [path = ''] = request.originalUrl.split('?');
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(',') : value,
  ]);
  return {
    method: request.method,
    url: `${publicUrl.replace(/\/+$/, '')}${request.originalUrl}`,
    rest: path.split('/').slice(3).join('/'),
    headers: Object.fromEntries(headers),
    body,
    receivedAt,
  };
}

/** Keeps events, and what was not understood, of one CRM. */
function createKeeper(
  { db, metrics, ring }: WebhookParts,
  crm: string,
): (verdict: Accepted, now: Date) => Promise<void> {
  // Once known it stays.
  let own: string | null = null;
  const keepEvents = createGatherer<Arrival>(async (arrivals) => {
    const events = arrivals.flatMap((arrival) => arrival.events);
    const fresh = await putInInbox(db, crm, events, arrivals[0]?.now ?? new Date(0));
    if (fresh > 0) ring();
    metrics.events(crm, 'stored', fresh);
    metrics.events(crm, 'repeated', events.length - fresh);
  }, MOST_TOGETHER);
  return async ({ events, unread, ignored }, now) => {
    own ??= await knownAccount(db, crm);
    const ours = events.filter((event) => own === null || event.account === own);
    await putInQuarantine(db, crm, unread, now);
    if (ours.length > 0) await keepEvents({ events: ours.map(toArrivedEvent), now });
    metrics.events(crm, 'other-account', events.length - ours.length);
    metrics.events(crm, 'unread', unread.length);
    for (const [reason, count] of Object.entries(ignored)) metrics.events(crm, reason, count);
  };
}

interface Arrival {
  readonly events: readonly ArrivedEvent[];
  readonly now: Date;
}

function statusOf(error: unknown): 400 | 413 {
  return error instanceof Error && 'status' in error && error.status === 413 ? 413 : 400;
}
