// `POST /webhooks/<crm>`: verifies a request, stores its events, then acknowledges it. Reads no CRM
// and scores nothing.
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Kysely } from 'kysely';
import type { RefusedWebhook, WebhookReceiver, WebhookRequest } from '../../src/crm/webhook-receiver.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { createThrottledLog, redactError, type WarningLog } from '../../src/runtime/throttled-log.ts';
import { withTimeout } from '../../src/runtime/with-timeout.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import type { BodyError, BodyReader } from '../http/body-reader.ts';
import type { Metrics } from '../http/metrics.ts';
import { createEventStore } from './event-store.ts';

export interface WebhookParts {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: WarningLog;
  /** The address that the CRM sends to; absent: a signature over the address cannot be verified. */
  readonly publicUrl: string | undefined;
  readonly receivers: ReadonlyMap<string, WebhookReceiver>;
  /** Called after new events were stored. */
  readonly trigger: () => void;
  /**
   * Time limit of storing. HubSpot waits five seconds before it retries; after a 503 it retries
   * sooner.
   */
  readonly storeTimeoutMs?: number;
}

const STORE_TIMEOUT_MS = 900;

export function webhookRoutes(parts: WebhookParts, readBody: BodyReader): Router {
  const router = Router();
  for (const [crm, receiver] of parts.receivers) {
    const { preCheck, onBodyError, receive } = createWebhookHandlers(parts, crm, receiver);
    const body = readBody({ maxBytes: receiver.maxBytes, onError: onBodyError });
    router.post(`/webhooks/${crm}{/*rest}`, preCheck, body, receive);
  }
  return router;
}

function createWebhookHandlers(parts: WebhookParts, crm: string, receiver: WebhookReceiver) {
  const { clock, metrics, log, storeTimeoutMs = STORE_TIMEOUT_MS } = parts;
  const { start, count } = createRequestCounter(metrics, crm);
  const warn = createThrottledLog(log, clock);
  const store = createEventStore(parts, crm, storeTimeoutMs);
  const toRequest = (request: Request, body: Buffer) =>
    toWebhookRequest(request, parts.publicUrl ?? '', body, clock.now());
  const refuse = (request: Request, response: Response, { status, reason, detail }: RefusedWebhook) => {
    count(request, reason);
    warn(reason, { crm, reason }, `${crm}: a webhook was refused: ${detail}`);
    // Without the reason, which would help an attacker.
    response.status(status).json({ error: status === 404 ? 'There is nothing at this address.' : 'Not accepted.' });
  };
  const preCheck: RequestHandler = (request, response, next) => {
    start(request);
    if (parts.publicUrl === undefined && receiver.needsPublicUrl) {
      count(request, 'no_public_url');
      response.status(503).json({ error: 'PUBLIC_URL is not set.' });
      return;
    }
    const refused = receiver.preCheck(toRequest(request, Buffer.alloc(0)));
    if (refused) return refuse(request, response, refused);
    next();
  };
  const onBodyError = (request: Request, response: Response, error: BodyError) => {
    count(request, error);
    replyBodyError(response, error, receiver.maxBytes);
  };
  const receive: RequestHandler = async (request, response) => {
    const body: unknown = request.body;
    const webhook = toRequest(request, Buffer.isBuffer(body) ? body : Buffer.alloc(0));
    const result = receiver.parse(webhook);
    if (result.kind === 'refused') return refuse(request, response, result);
    try {
      await withTimeout(storeTimeoutMs, (timedOut) => store({ ...result, now: webhook.receivedAt }, timedOut));
    } catch (error) {
      count(request, 'not_stored');
      warn('not_stored', { crm, ...redactError(error) }, `${crm}: could not store a webhook; the CRM sends it again`);
      replyRetryLater(response, '5', 'It could not be stored. Send it again.');
      return;
    }
    count(request, 'stored');
    if (result.response) response.type(result.response.contentType).send(result.response.body);
    else response.status(200).end();
  };
  return { preCheck, onBodyError, receive };
}

function createRequestCounter(metrics: Metrics, crm: string) {
  const startedAt = new WeakMap<Request, number>();
  return {
    start: (request: Request) => void startedAt.set(request, performance.now()),
    count: (request: Request, outcome: string) => {
      const now = performance.now();
      metrics.request(crm, outcome, (now - (startedAt.get(request) ?? now)) / 1_000);
    },
  };
}

function replyBodyError(response: Response, error: BodyError, maxBytes: number): void {
  if (error === 'busy') replyRetryLater(response, '1', 'Too many requests at once. Send it again.');
  else if (error === 'too_large') response.status(413).json({ error: `At most ${maxBytes} bytes.` });
  else response.status(400).json({ error: 'The body cannot be read.' });
}

function replyRetryLater(response: Response, seconds: string, error: string): void {
  response.status(503).set('retry-after', seconds).json({ error });
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
