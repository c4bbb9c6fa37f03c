// What every endpoint of the API goes through: token, limits, scopes; then the endpoint itself.
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import type { Exchange } from '../../http/deliver.ts';
import type { RequestContext } from '../../http/receive.ts';
import type { Reply } from '../../http/reply.ts';
import { badRequest, HubSpotError, missingScopes, unauthorized, unknownPath } from '../hubspot-error.ts';
import type { Portal } from '../portal.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import { deliverAsHubSpot } from './deliver.ts';
import type { RateLimits } from './rate-limits.ts';

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
  /** A part of the path, e.g. `type`. */
  param(name: string): string;
  /** The query's parameters; a repeated one, or one that the shape does not know, is refused. */
  query<T>(shape: z.ZodType<T>): T;
  /** @throws HubSpotError 400 when the body has another form */
  body<T>(schema: z.ZodType<T>): T;
}

export interface Endpoint {
  readonly kind?: 'search';
  /** One of these is enough. */
  scopes(call: Call): readonly string[];
  answer(call: Call): Reply;
}

const VERSIONS: ReadonlySet<string> = new Set(['2026-03', '2026-09']);

/** An endpoint as an express handler. Paths with `:version` exist for the versions that HubSpot serves only. */
export function serve(gate: HubSpotRequestContext, endpoint: Endpoint): RequestHandler {
  return async (req: Request, res: Response) => {
    const exchange = gate.exchanges.get(req);
    if (!exchange) throw new Error('a request reached an endpoint without passing the gate');
    const kind = endpoint.kind ?? 'other';
    const reply = answer(gate, endpoint, req, exchange);
    // Whoever got no further than the token learns nothing of the account's limits.
    const headers = reply.status === 401 ? {} : gate.limits.headers(kind, gate.portal.clock.now());
    await deliverAsHubSpot(res, exchange, reply, { ...headers, ...exchange.fault?.headers });
  };
}

function answer(gate: HubSpotRequestContext, endpoint: Endpoint, req: Request, exchange: Exchange): Reply {
  try {
    const { version } = req.params;
    if (version !== undefined && (typeof version !== 'string' || !VERSIONS.has(version))) throw unknownPath();
    noteBody(exchange, req);
    if (req.headers.authorization !== `Bearer ${gate.portal.accessToken}`) throw unauthorized();
    gate.limits.take(endpoint.kind ?? 'other', gate.portal.clock.now());
    const call = callOf(gate, req);
    const wanted = endpoint.scopes(call);
    if (!wanted.some((scope) => gate.scopes.has(scope))) throw missingScopes(wanted);
    return endpoint.answer(call);
  } catch (error) {
    if (error instanceof HubSpotError) return { status: error.status, body: error.body };
    throw error;
  }
}

function callOf(gate: HubSpotRequestContext, req: Request): Call {
  const read = <T>(schema: z.ZodType<T>, value: unknown, what: string): T => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw badRequest(`Invalid ${what}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  };
  return {
    portal: gate.portal,
    limits: gate.limits,
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

function noteBody({ entry }: Exchange, req: Request): void {
  const parsed = loggedSchema.safeParse(req.body);
  if (!parsed.success) return;
  const { inputs } = parsed.data;
  entry.ids = inputs.flatMap(({ id }) => (id === undefined ? [] : [id]));
  if (entry.path.endsWith('/batch/update')) {
    entry.writes = inputs.map(({ id = '', properties = {} }) => ({ id, properties }));
  }
}
