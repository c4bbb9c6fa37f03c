// `POST /events`: what the team's own site or product tells, in Segment's form. It is answered once it is kept; whose it is, is found later.
// Servers send here, with a write key: a browser would show the key to everybody, so that there is no CORS.
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Clock } from '../../src/domain/clock.ts';
import type { SiteEventProjector, SiteMessage } from '../../src/domain/site-event.ts';
import { type NewIdentity, type NewSiteEvent, saveSiteEvents } from '../../src/store/site-events/save-site-events.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import type { BodyError, BodyReader } from '../http/body-reader.ts';
import type { Metrics } from '../http/metrics.ts';
import { createThrottledLog, redactError, type WarningLog } from '../http/throttled-log.ts';
import { withTimeout } from '../http/with-timeout.ts';
import { parseMessage } from './parse-message.ts';
import {
  type EventsResponse,
  MAX_BYTES,
  MAX_CONTEXT_BYTES,
  MAX_MESSAGES,
  malformed,
  NOT_STORED,
  CONTEXT_TOO_LARGE,
  UNKNOWN_KEY,
  BODY_ERRORS,
} from './responses.ts';
import { createWriteKeyLookup, parseAuthorization, type WriteKey } from './write-keys.ts';

export interface SiteEventsParts {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  /** None: there is no such address. */
  readonly keys: readonly WriteKey[];
  /** The CRMs whose ids a message may name: those that are set up. */
  readonly crms: readonly string[];
  readonly project: SiteEventProjector;
  /** Tells that something was stored. */
  readonly trigger: () => void;
  readonly metrics: Pick<Metrics, 'request' | 'events'>;
  readonly log: WarningLog;
  /** How long the store may take. Whoever is not told that it was kept sends it again. */
  readonly storeTimeoutMs?: number;
}

const STORE_TIMEOUT_MS = 900;

/** The addresses of Segment's libraries, whose host is then `https://.../events`. */
const PATHS = ['/events', '/events/v1/:form'];

/** `POST /events` for sources that have a write key. */
export function createSiteEventsRouter(parts: SiteEventsParts, readBody: BodyReader): Router {
  const router = Router();
  if (parts.keys.length === 0) return router;
  const { refuse, unreadable, receive } = createEventHandlers(parts);
  router.post(PATHS, refuse, readBody({ maxBytes: MAX_BYTES, onError: unreadable }), receive);
  return router;
}

function createEventHandlers(parts: SiteEventsParts) {
  const keyRing = createWriteKeyLookup(parts.keys);
  const warn = createThrottledLog(parts.log, parts.clock);
  const answer = (response: Response, { status, outcome, body }: EventsResponse) => {
    const began: unknown = response.locals.began;
    parts.metrics.request('site', outcome, typeof began === 'number' ? (performance.now() - began) / 1_000 : 0);
    if (status === 401) response.set('www-authenticate', 'Basic realm="write key"');
    if (status === 503) response.set('retry-after', '5');
    response.status(status).json(body);
  };
  const refuse: RequestHandler = (request, response, next) => {
    response.locals.began = performance.now();
    const key = parseAuthorization(request.get('authorization'));
    // Without one in the header it may be in the body.
    if (key === null) return next();
    response.locals.source = keyRing(key);
    if (response.locals.source === null) return answer(response, UNKNOWN_KEY);
    next();
  };
  const unreadable = (_request: Request, response: Response, why: BodyError) => answer(response, BODY_ERRORS[why]);
  const receive: RequestHandler = async (request, response) => {
    const body = parseBody(request.body);
    const { source: known } = response.locals;
    const source = typeof known === 'string' ? known : keyRing(writeKeyOf(body) ?? '');
    if (source === null) return answer(response, UNKNOWN_KEY);
    const sent = messagesOf(body, request.params.form);
    if ('refused' in sent) return answer(response, sent.refused);
    try {
      answer(response, await ingest(parts, source, sent));
    } catch (error) {
      warn(
        'not_stored',
        { source, ...redactError(error) },
        `events of ${source} were not stored, and are to be sent again`,
      );
      answer(response, NOT_STORED);
    }
  };
  return { refuse, unreadable, receive };
}

/** All that is well formed is kept, or nothing. @throws when it could not be kept in time */
async function ingest(parts: SiteEventsParts, source: string, sent: RequestMessages): Promise<EventsResponse> {
  const { storeTimeoutMs: storeMs = STORE_TIMEOUT_MS } = parts;
  const now = parts.clock.now();
  const taken = parseMessages(parts, sent.messages, now);
  const [first] = taken.rejected;
  if (first !== undefined && taken.rejected.length === sent.messages.length) {
    return malformed(first.message, sent.isBatch ? taken.rejected : undefined);
  }
  await withTimeout(storeMs, () => saveBatch(parts, source, taken, now));
  const rejected = first !== undefined && { rejected: taken.rejected };
  return { status: 200, outcome: 'stored', body: { success: true, ...rejected } };
}

interface ParsedBatch {
  readonly events: readonly NewSiteEvent[];
  readonly identities: readonly NewIdentity[];
  /** Messages that no rule of the mapping fits. */
  readonly unmapped: number;
  readonly rejected: readonly { readonly index: number; readonly message: string }[];
}

/** One message at a time, of which only what is kept stays: flat, each of them may be large. */
function parseMessages({ crms, project }: SiteEventsParts, messages: Iterable<unknown>, receivedAt: Date): ParsedBatch {
  const events: NewSiteEvent[] = [];
  const identities: NewIdentity[] = [];
  const rejected: { index: number; message: string }[] = [];
  let unmapped = 0;
  let index = -1;
  for (const given of messages) {
    index += 1;
    const read = parseMessage(given, { receivedAt, crms });
    if ('problem' in read) rejected.push({ index, message: read.problem });
    if (!('message' in read)) continue;
    const { messageId, at, email, record, userKey, anonymousKey } = read.message;
    const activity = project(read.message);
    if (activity === null) unmapped += 1;
    else events.push({ messageId, at, email, record, userKey, anonymousKey, ...activity });
    identities.push(...identitiesIn(read.message));
  }
  return { events, identities, unmapped, rejected };
}

function parseBody(body: unknown): unknown {
  try {
    return JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '');
  } catch {
    return undefined;
  }
}

const objectSchema = z.record(z.string(), z.unknown());

function writeKeyOf(body: unknown): string | null {
  const key = objectSchema.safeParse(body).data?.writeKey;
  return typeof key === 'string' ? key : null;
}

interface RequestMessages {
  readonly messages: readonly unknown[];
  readonly isBatch: boolean;
}

/** @param form what stands behind `/events/v1/`: the type of the message, or `batch` */
function messagesOf(body: unknown, form: unknown): RequestMessages | { readonly refused: EventsResponse } {
  const object = objectSchema.safeParse(body).data;
  if (object === undefined) {
    return { refused: malformed('expected one message, or { "batch": [...] }, as JSON') };
  }
  const { batch, sentAt, context } = object;
  if (batch === undefined && form !== 'batch' && form !== 'import') {
    return { messages: [typeof form === 'string' ? { type: form, ...object } : object], isBatch: false };
  }
  if (!Array.isArray(batch)) return { refused: malformed('batch: expected a list of messages') };
  if (batch.length > MAX_MESSAGES) return { refused: malformed(`batch: at most ${MAX_MESSAGES} messages`) };
  // What a batch says of all its messages.
  const common = { ...(sentAt !== undefined && { sentAt }), ...(context !== undefined && { context }) };
  // Each message is read with it: a small body would be work for seconds.
  if (Buffer.byteLength(JSON.stringify(common)) * batch.length > MAX_CONTEXT_BYTES) return { refused: CONTEXT_TOO_LARGE };
  const messages = batch.map((each: unknown) => {
    const message = objectSchema.safeParse(each).data;
    return message === undefined ? each : { ...common, ...message };
  });
  return { messages, isBatch: true };
}

async function saveBatch(
  { db, trigger: ring, metrics }: SiteEventsParts,
  source: string,
  { events, identities, unmapped, rejected }: ParsedBatch,
  now: Date,
): Promise<void> {
  const fresh = await saveSiteEvents(db, { source, events, identities }, now);
  if (fresh.events + fresh.identities > 0) ring();
  metrics.events(source, 'stored', fresh.events);
  metrics.events(source, 'repeated', events.length - fresh.events);
  metrics.events(source, 'no_rule', unmapped);
  metrics.events(source, 'rejected', rejected.length);
}

/** What an `identify` tells: who its user is; or else that an anonymous user is that user. */
function identitiesIn({ kind, email, record, userKey, anonymousKey, at }: SiteMessage): readonly NewIdentity[] {
  if (kind !== 'identify') return [];
  if (email === null && record === null) {
    if (userKey === null || anonymousKey === null) return [];
    return [{ key: anonymousKey, email, record, aliasOf: userKey, at }];
  }
  const keys = [userKey, anonymousKey].filter((key) => key !== null);
  return keys.map((key) => ({ key, email, record, aliasOf: null, at }));
}
