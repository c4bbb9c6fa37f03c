// `POST /webhooks/<crm>`: what a CRM sends is verified, stored, and only then acknowledged. Nothing is read or scored here.
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Kysely } from 'kysely';
import {
  type AcceptedWebhook,
  type RefusedWebhook,
  toInboxEvent,
  type WebhookReceiver,
  type WebhookRequest,
} from '../../src/crm/webhook-receiver.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { insertInboxEvents } from '../../src/store/inbox/inbox.ts';
import { insertQuarantine } from '../../src/store/inbox/quarantine.ts';
import { storedAccount } from '../../src/store/sync/crm-accounts.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import { createBatchWriter } from '../http/batch-writer.ts';
import type { BodyError, BodyReader } from '../http/body-reader.ts';
import type { Metrics } from '../http/metrics.ts';
import { createThrottledLog, redactError, type WarningLog } from '../http/throttled-log.ts';
import { withTimeout } from '../http/with-timeout.ts';

export interface WebhookParts {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: WarningLog;
  /** How the CRM reaches us; absent: nothing that is signed with the address can be verified. */
  readonly publicUrl: string | undefined;
  readonly receivers: ReadonlyMap<string, WebhookReceiver>;
  /** Tells that something was stored. */
  readonly trigger: () => void;
  /** How long the store may take. HubSpot waits five seconds and comes again; with a clear answer it comes again sooner. */
  readonly storeTimeoutMs?: number;
}

const STORE_TIMEOUT_MS = 900;
/** Requests whose events go into one statement. */
const MAX_BATCH_REQUESTS = 10;
/** Requests that wait for their statement: more than are stored in STORE_MS. */
const MAX_QUEUED_REQUESTS = 500;


export function webhookRoutes(parts: WebhookParts, readBody: BodyReader): Router {
  const router = Router();
  for (const [crm, receiver] of parts.receivers) {
    const { refuse, unreadable, receive } = createWebhookHandlers(parts, crm, receiver);
    const body = readBody({ maxBytes: receiver.maxBytes, onError: unreadable });
    router.post(`/webhooks/${crm}{/*rest}`, refuse, body, receive);
  }
  return router;
}

function createWebhookHandlers(parts: WebhookParts, crm: string, receiver: WebhookReceiver) {
  const { clock, metrics, log, storeTimeoutMs: storeMs = STORE_TIMEOUT_MS } = parts;
  const began = new WeakMap<Request, number>();
  const warn = createThrottledLog(log, clock);
  const keep = createEventStore(parts, crm, storeMs);
  const count = (request: Request, outcome: string) => {
    metrics.request(crm, outcome, (performance.now() - (began.get(request) ?? performance.now())) / 1_000);
  };
  const replyRetryLater = (response: Response, seconds: string, error: string) => {
    response.status(503).set('retry-after', seconds).json({ error });
  };
  const deny = (request: Request, response: Response, { status, reason, detail }: RefusedWebhook) => {
    count(request, reason);
    warn(reason, { crm, reason }, `${crm}: a webhook was refused: ${detail}`);
    // Nobody who is not the CRM learns what is wrong.
    response.status(status).json({ error: status === 404 ? 'There is nothing at this address.' : 'Not accepted.' });
  };
  const refuse: RequestHandler = (request, response, next) => {
    began.set(request, performance.now());
    if (parts.publicUrl === undefined && receiver.needsPublicUrl) {
      count(request, 'no_public_url');
      response.status(503).json({ error: 'PUBLIC_URL is not set.' });
      return;
    }
    const refused = receiver.preCheck(toWebhookRequest(request, parts.publicUrl ?? '', Buffer.alloc(0), clock.now()));
    if (refused) return deny(request, response, refused);
    next();
  };
  const unreadable = (request: Request, response: Response, why: BodyError) => {
    count(request, why);
    if (why === 'busy') replyRetryLater(response, '1', 'Too much at a time. Come again.');
    else if (why === 'too_large') response.status(413).json({ error: `At most ${receiver.maxBytes} bytes.` });
    else response.status(400).json({ error: 'The body cannot be read.' });
  };
  const receive: RequestHandler = async (request, response) => {
    const body: unknown = request.body;
    const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    const now = clock.now();
    const verdict = receiver.parse(toWebhookRequest(request, parts.publicUrl ?? '', bytes, now));
    if (verdict.kind === 'refused') return deny(request, response, verdict);
    try {
      await withTimeout(storeMs, (late) => keep({ ...verdict, now }, late));
    } catch (error) {
      count(request, 'not_stored');
      warn('not_stored', { crm, ...redactError(error) }, `${crm}: a webhook was not stored, and is to be sent again`);
      replyRetryLater(response, '5', 'It could not be stored. Send it again.');
      return;
    }
    count(request, 'stored');
    if (verdict.response) response.type(verdict.response.contentType).send(verdict.response.body);
    else response.status(200).end();
  };
  return { refuse, unreadable, receive };
}

function toWebhookRequest(request: Request, publicUrl: string, body: Buffer, receivedAt: Date): WebhookRequest {
  const [path = ''] = request.originalUrl.split('?');
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(',') : value,
  ]);
  return {
    method: request.method,
    url: `${publicUrl}${request.originalUrl}`,
    pathSuffix: path.split('/').slice(3).join('/'),
    headers: Object.fromEntries(headers),
    body,
    receivedAt,
  };
}

interface WebhookBatch extends Omit<AcceptedWebhook, 'kind' | 'response'> {
  readonly now: Date;
}

/** Keeps what requests of one CRM brought: events, and what was not understood. */
function createEventStore(
  { db, metrics, trigger: ring }: WebhookParts,
  crm: string,
  storeMs: number,
): (arrival: WebhookBatch, gone: AbortSignal) => Promise<void> {
  // Once known it stays.
  let own: string | null = null;
  const keep = async (arrivals: readonly WebhookBatch[]) => {
    own ??= await storedAccount(db, crm);
    const isOurs = ({ account }: { readonly account?: string | undefined }) => own === null || (account ?? own) === own;
    const now = arrivals[0]?.now ?? new Date(0);
    const [events, unparsed] = [arrivals.flatMap((each) => each.events), arrivals.flatMap((each) => each.unparsed)];
    const [ourEvents, ourUnparsed] = [events.filter(isOurs), unparsed.filter(isOurs)];
    await insertQuarantine(db, crm, ourUnparsed, now);
    const fresh = await insertInboxEvents(db, crm, ourEvents.map(toInboxEvent), now);
    if (fresh > 0) ring();
    metrics.events(crm, 'stored', fresh);
    metrics.events(crm, 'repeated', ourEvents.length - fresh);
    metrics.events(crm, 'unparsed', ourUnparsed.length);
    metrics.events(crm, 'other_account', events.length - ourEvents.length + unparsed.length - ourUnparsed.length);
    for (const [reason, count] of arrivals.flatMap(({ ignored }) => Object.entries(ignored))) {
      metrics.events(crm, reason, count);
    }
  };
  return createBatchWriter(keep, { maxBatch: MAX_BATCH_REQUESTS, maxQueued: MAX_QUEUED_REQUESTS, timeoutMs: storeMs });
}
