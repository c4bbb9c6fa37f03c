// `POST /events`: what the team's own site or product tells, in Segment's form. It is answered once it is kept; whose it is, is found later.
// Servers send here, with a write key: a browser would show the key to everybody, so that there is no CORS.
import express, { type ErrorRequestHandler, type RequestHandler, type Response, Router } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Clock } from '../domain/clock.ts';
import type { SiteEventProjector, SiteMessage } from '../domain/site-event.ts';
import { type Arrival, type LearnedIdentity, putSiteEvents } from '../store/arrived-site-events.ts';
import type { Tables } from '../store/tables.ts';
import { type ReadMessage, readMessage } from './site-message.ts';
import { within } from './within.ts';
import { createKeyRing, keyInHeader, type WriteKey } from './write-keys.ts';

export interface SiteEventsParts {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  /** None: there is no such address. */
  readonly keys: readonly WriteKey[];
  /** The CRMs whose ids a message may name: those that are set up. */
  readonly crms: readonly string[];
  readonly project: SiteEventProjector;
  /** Tells that something was stored. */
  readonly ring: () => void;
  readonly metrics?: {
    request(source: string, outcome: string, seconds: number): void;
    events(source: string, outcome: string, count: number): void;
  };
}

/** What Segment allows for a request. */
const MOST_BYTES = 500_000;
const MOST_MESSAGES = 2_500;
/** Whoever is not told that it was kept sends it again. */
const STORE_MS = 900;

/** The addresses of Segment's libraries, whose host is then `https://.../events`. */
const PATHS = ['/events', '/events/v1/:form'];

/** `POST /events` for sources that have a write key. */
export function createSiteEventsRouter(parts: SiteEventsParts): Router {
  const router = Router();
  if (parts.keys.length === 0) return router;
  const door = createDoor(parts);
  const body = express.raw({ type: () => true, limit: MOST_BYTES });
  router.post(PATHS, door.refuse, body, door.receive, door.failed);
  return router;
}

function createDoor(parts: SiteEventsParts) {
  const keyRing = createKeyRing(parts.keys);
  const answer = (response: Response, { status, outcome, body }: Answer) => {
    const began: unknown = response.locals.began;
    parts.metrics?.request('site', outcome, typeof began === 'number' ? (performance.now() - began) / 1_000 : 0);
    if (status === 401) response.set('www-authenticate', 'Basic realm="write key"');
    if (status === 503) response.set('retry-after', '5');
    response.status(status).json(body);
  };
  const refuse: RequestHandler = (request, response, next) => {
    response.locals.began = performance.now();
    const key = keyInHeader(request.get('authorization'));
    // Without one in the header it may be in the body.
    if (key === null) return next();
    response.locals.source = keyRing(key);
    if (response.locals.source === null) return answer(response, UNKNOWN_KEY);
    next();
  };
  const receive: RequestHandler = async (request, response) => {
    const body = parseBody(request.body);
    const { source: known } = response.locals;
    const source = typeof known === 'string' ? known : keyRing(keyInBody(body) ?? '');
    if (source === null) return answer(response, UNKNOWN_KEY);
    const sent = messagesIn(body, request.params.form);
    answer(response, 'problem' in sent ? malformed(sent.problem) : await take(parts, source, sent));
  };
  const failed: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
    const isTooLarge = error instanceof Error && 'status' in error && error.status === 413;
    answer(response, isTooLarge ? TOO_LARGE : malformed('the body cannot be read'));
  };
  return { refuse, receive, failed };
}

/** All that is well formed is kept, or nothing. */
async function take(parts: SiteEventsParts, source: string, { messages, isBatch }: Sent): Promise<Answer> {
  const now = parts.clock.now();
  const read = messages.map((each) => readMessage(each, { receivedAt: now, crms: parts.crms }));
  const rejected = read.flatMap((each, index) => ('problem' in each ? [{ index, message: each.problem }] : []));
  const [first] = rejected;
  if (first !== undefined && rejected.length === read.length) {
    return malformed(first.message, isBatch ? rejected : undefined);
  }
  try {
    await within(STORE_MS, keep(parts, source, read, now));
  } catch {
    return NOT_STORED;
  }
  return { status: 200, outcome: 'stored', body: { success: true, ...(first !== undefined && { rejected }) } };
}

interface Answer {
  readonly status: number;
  readonly outcome: string;
  readonly body: object;
}

const UNKNOWN_KEY: Answer = {
  status: 401,
  outcome: 'unknown-key',
  body: {
    success: false,
    error: 'The write key is missing or not known. Send it as the user name of Basic authentication.',
  },
};
const NOT_STORED: Answer = {
  status: 503,
  outcome: 'not-stored',
  body: { success: false, error: 'It could not be stored. Send it again.' },
};
const TOO_LARGE: Answer = {
  status: 413,
  outcome: 'too-large',
  body: { success: false, error: `At most ${MOST_BYTES} bytes a request. Send smaller batches.` },
};

function malformed(error: string, rejected?: readonly object[]): Answer {
  return { status: 400, outcome: 'malformed', body: { success: false, error, ...(rejected && { rejected }) } };
}

function parseBody(body: unknown): unknown {
  try {
    return JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '');
  } catch {
    return undefined;
  }
}

const objectSchema = z.record(z.string(), z.unknown());

function keyInBody(body: unknown): string | null {
  const key = objectSchema.safeParse(body).data?.writeKey;
  return typeof key === 'string' ? key : null;
}

interface Sent {
  readonly messages: readonly unknown[];
  readonly isBatch: boolean;
}

/** @param form what stands behind `/events/v1/`: the type of the message, or `batch` */
function messagesIn(body: unknown, form: unknown): Sent | { readonly problem: string } {
  const object = objectSchema.safeParse(body).data;
  if (object === undefined) return { problem: 'expected one message, or { "batch": [...] }, as JSON' };
  const { batch, sentAt, context } = object;
  if (batch === undefined && form !== 'batch' && form !== 'import') {
    return { messages: [typeof form === 'string' ? { type: form, ...object } : object], isBatch: false };
  }
  if (!Array.isArray(batch)) return { problem: 'batch: expected a list of messages' };
  if (batch.length > MOST_MESSAGES) return { problem: `batch: at most ${MOST_MESSAGES} messages` };
  // What a batch says of all its messages.
  const common = { ...(sentAt !== undefined && { sentAt }), ...(context !== undefined && { context }) };
  const messages = batch.map((each: unknown) => {
    const message = objectSchema.safeParse(each).data;
    return message === undefined ? each : { ...common, ...message };
  });
  return { messages, isBatch: true };
}

async function keep(
  { db, project, ring, metrics }: SiteEventsParts,
  source: string,
  read: readonly ReadMessage[],
  now: Date,
): Promise<void> {
  const messages = read.flatMap((each) => ('message' in each ? [each.message] : []));
  const events = messages.flatMap((message) => {
    const activity = project(message);
    return activity === null ? [] : [{ ...message, ...activity }];
  });
  const arrival: Arrival = { source, events, identities: messages.flatMap(identitiesIn) };
  const fresh = await putSiteEvents(db, arrival, now);
  if (fresh.events + fresh.identities > 0) ring();
  metrics?.events(source, 'stored', fresh.events);
  metrics?.events(source, 'repeated', events.length - fresh.events);
  metrics?.events(source, 'unmapped', messages.length - events.length);
  metrics?.events(source, 'rejected', read.filter((each) => 'problem' in each).length);
}

/** What an `identify` tells: who its user is; or else that an anonymous user is that user. */
function identitiesIn({ kind, email, record, userKey, anonymousKey, at }: SiteMessage): readonly LearnedIdentity[] {
  if (kind !== 'identify') return [];
  if (email === null && record === null) {
    if (userKey === null || anonymousKey === null) return [];
    return [{ key: anonymousKey, email, record, sameAs: userKey, at }];
  }
  const keys = [userKey, anonymousKey].filter((key) => key !== null);
  return keys.map((key) => ({ key, email, record, sameAs: null, at }));
}
