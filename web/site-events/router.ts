// `POST /events`: events of the team's own site or product, in Segment's format. Acknowledged once
// they are stored. Servers send them, with a write key. There is no CORS: a browser would show the
// key to every visitor.
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { createThrottledLog, redactError, type WarningLog } from '../../src/runtime/throttled-log.ts';
import type { BodyError, BodyReader } from '../http/body-reader.ts';
import { type IngestParts, ingest } from './ingest.ts';
import { messagesOf, parseBody, writeKeyOf } from './parse-request.ts';
import { BODY_ERRORS, type EventsResponse, MAX_BYTES, NOT_STORED, UNKNOWN_KEY } from './responses.ts';
import { createWriteKeyLookup, parseAuthorization, type WriteKey } from './write-keys.ts';

export interface SiteEventsParts extends IngestParts {
  /** Empty: `/events` does not exist. */
  readonly keys: readonly WriteKey[];
  readonly log: WarningLog;
}

/** The paths of Segment's libraries, whose host is set to `https://.../events`. */
const PATHS = ['/events', '/events/v1/:form'];

/** `POST /events` for sources that have a write key. */
export function createSiteEventsRouter(parts: SiteEventsParts, readBody: BodyReader): Router {
  const router = Router();
  if (parts.keys.length === 0) return router;
  const { checkKey, onBodyError, receive } = createEventHandlers(parts);
  router.post(PATHS, checkKey, readBody({ maxBytes: MAX_BYTES, onError: onBodyError }), receive);
  return router;
}

function createEventHandlers(parts: SiteEventsParts) {
  const findSource = createWriteKeyLookup(parts.keys);
  const warn = createThrottledLog(parts.log, parts.clock);
  const reply = (response: Response, { status, outcome, body }: EventsResponse) => {
    const startedAt: unknown = response.locals.startedAt;
    const seconds = typeof startedAt === 'number' ? (performance.now() - startedAt) / 1_000 : 0;
    parts.metrics.request('site', outcome, seconds);
    if (status === 401) response.set('www-authenticate', 'Basic realm="write key"');
    if (status === 503) response.set('retry-after', '5');
    response.status(status).json(body);
  };
  const checkKey: RequestHandler = (request, response, next) => {
    response.locals.startedAt = performance.now();
    const key = parseAuthorization(request.get('authorization'));
    // Without a key in the header, the body may contain it.
    if (key === null) return next();
    response.locals.source = findSource(key);
    if (response.locals.source === null) return reply(response, UNKNOWN_KEY);
    next();
  };
  const onBodyError = (_request: Request, response: Response, error: BodyError) => reply(response, BODY_ERRORS[error]);
  const receive: RequestHandler = async (request, response) => {
    const body = parseBody(request.body);
    const { source: sourceOfHeader } = response.locals;
    const source = typeof sourceOfHeader === 'string' ? sourceOfHeader : findSource(writeKeyOf(body) ?? '');
    if (source === null) return reply(response, UNKNOWN_KEY);
    const parsed = messagesOf(body, request.params.form);
    if ('refused' in parsed) return reply(response, parsed.refused);
    try {
      reply(response, await ingest(parts, source, parsed));
    } catch (error) {
      const details = { source, ...redactError(error) };
      warn('not_stored', details, `could not store events of ${source}; the source sends them again`);
      reply(response, NOT_STORED);
    }
  };
  return { checkKey, onBodyError, receive };
}
