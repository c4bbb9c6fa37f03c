// Runs before every endpoint of the API: checks version, token, rate limits and scopes.
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import type { RequestContext } from '../../http/receive.ts';
import type { Reply } from '../../http/reply.ts';
import type { Exchange } from '../../http/send-reply.ts';
import { badRequest, HubSpotError, missingScopes, unauthorized, unknownPath } from '../hubspot-error.ts';
import type { Portal } from '../portal/portal.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import type { RateLimits } from './rate-limits.ts';
import { sendHubSpotReply } from './send-hubspot-reply.ts';

export interface HubSpotRequestContext extends RequestContext {
  readonly portal: Portal;
  readonly limits: RateLimits;
  readonly scopes: ReadonlySet<string>;
  readonly webhooks: Webhooks;
}

/** A request as an endpoint sees it. */
export interface Call {
  readonly portal: Portal;
  readonly limits: RateLimits;
  /** A path parameter, e.g. `type`. */
  param(name: string): string;
  /** The query parameters. @throws HubSpotError 400 if they do not match the shape */
  query<T>(shape: z.ZodType<T>): T;
  /** @throws HubSpotError 400 if the body does not match the schema */
  body<T>(schema: z.ZodType<T>): T;
}

export interface Endpoint {
  readonly kind?: 'search';
  /** It reads query parameters; any other endpoint refuses them. */
  readonly takesQuery?: true;
  /** The token needs one of these. */
  scopes(call: Call): readonly string[];
  handle(call: Call): Reply;
}

const VERSIONS: ReadonlySet<string> = new Set(['2026-03', '2026-09']);

/** An endpoint as an Express handler. Unknown values of `:version` are a 404. */
export function serve(context: HubSpotRequestContext, endpoint: Endpoint): RequestHandler {
  return async (req: Request, res: Response) => {
    const exchange = context.exchanges.get(req);
    if (!exchange) throw new Error('the request was not registered by receive()');
    const kind = endpoint.kind ?? 'other';
    const reply = handle(context, endpoint, req, exchange);
    // A request without a valid token gets no rate-limit headers.
    const headers = reply.status === 401 ? {} : context.limits.headers(kind, context.portal.clock.now());
    await sendHubSpotReply(res, exchange, reply, { ...headers, ...exchange.fault?.headers });
  };
}

function handle(context: HubSpotRequestContext, endpoint: Endpoint, req: Request, exchange: Exchange): Reply {
  try {
    const { version } = req.params;
    if (version !== undefined && (typeof version !== 'string' || !VERSIONS.has(version))) throw unknownPath();
    logBody(exchange, req);
    if (req.headers.authorization !== `Bearer ${context.portal.accessToken}`) throw unauthorized();
    context.limits.acquire(endpoint.kind ?? 'other', context.portal.clock.now());
    const call = callOf(context, req);
    const scopes = endpoint.scopes(call);
    if (!scopes.some((scope) => context.scopes.has(scope))) throw missingScopes(scopes);
    checkRequest(endpoint, req);
    return repeatedPage(exchange, req, endpoint.handle(call));
  } catch (error) {
    if (error instanceof HubSpotError) return { status: error.status, body: error.body };
    throw error;
  }
}

/**
 * The one check for all requests: HubSpot refuses unknown query parameters, and a search without a
 * body (API descriptions: the parameters are listed, the body is required).
 * @throws HubSpotError 400
 */
function checkRequest(endpoint: Endpoint, req: Request): void {
  const [unknown] = endpoint.takesQuery === true ? [] : Object.keys(req.query);
  if (unknown !== undefined) throw badRequest(`Invalid request parameter: ${unknown} is unknown`);
  const isEmpty = typeof req.body !== 'object' || req.body === null || Object.keys(req.body).length === 0;
  if (req.path.endsWith('/search') && isEmpty) throw badRequest('Invalid input JSON: a search needs a body');
}

const pagedSchema = z.looseObject({ paging: z.looseObject({ next: z.looseObject({ after: z.string() }) }) });
const eventsSchema = z.looseObject({ hasMore: z.boolean(), offset: z.string() });

/** With the fault `repeatPage`, each page names itself as the next one. */
function repeatedPage({ fault }: Exchange, req: Request, reply: Reply): Reply {
  if (fault?.repeatPage !== true) return reply;
  const paged = pagedSchema.safeParse(reply.body);
  const own = z.object({ after: z.string().optional(), offset: z.string().optional() }).safeParse(req.query).data;
  if (paged.success && own?.after !== undefined) {
    return { ...reply, body: { ...paged.data, paging: { next: { after: encodeURIComponent(own.after) } } } };
  }
  const events = eventsSchema.safeParse(reply.body);
  if (!events.success || own?.offset === undefined) return reply;
  return { ...reply, body: { ...events.data, hasMore: true, offset: encodeURIComponent(own.offset) } };
}

function callOf(context: HubSpotRequestContext, req: Request): Call {
  const read = <T>(schema: z.ZodType<T>, value: unknown, what: string): T => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw badRequest(`Invalid ${what}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  };
  return {
    portal: context.portal,
    limits: context.limits,
    param: (name) => {
      const value = req.params[name];
      if (typeof value !== 'string') throw unknownPath();
      return value;
    },
    query: (shape) => read(shape, req.query, 'request parameter'),
    body: (schema) => read(schema, req.body, 'input JSON'),
  };
}

const loggedSchema = z.object({
  inputs: z.array(
    z.looseObject({ id: z.coerce.string().optional(), properties: z.record(z.string(), z.unknown()).optional() }),
  ),
});

function logBody({ entry }: Exchange, req: Request): void {
  const parsed = loggedSchema.safeParse(req.body);
  if (!parsed.success) return;
  const { inputs } = parsed.data;
  entry.ids = inputs.flatMap(({ id }) => (id === undefined ? [] : [id]));
  if (entry.path.endsWith('/batch/update')) {
    entry.writes = inputs.map(({ id = '', properties = {} }) => ({ id, properties }));
  }
}
