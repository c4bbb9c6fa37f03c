// Runs before every endpoint of the API: checks token, version and API quota.
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import type { RequestContext } from '../../http/receive.ts';
import type { Reply } from '../../http/reply.ts';
import { type Exchange, sendReply } from '../../http/send-reply.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { ClientApp } from '../auth/token-endpoint.ts';
import type { BulkJobs } from '../bulk/bulk-jobs.ts';
import type { Activities } from '../org/activities.ts';
import type { Org } from '../org/org.ts';
import type { OutboundMessages } from '../outbound/outbound-messages.ts';
import type { Automation } from '../records/automation.ts';
import type { RecordRules } from '../records/record-rules.ts';
import { badRequest, invalidSession, notFound, SalesforceError } from '../salesforce-error.ts';
import type { FieldMetadata } from '../schema/custom-field.ts';
import type { ObjectType } from '../schema/object-type.ts';
import type { QueryCursors } from '../soql/query-cursors.ts';
import type { ApiUsage } from './api-usage.ts';

export interface SalesforceRequestContext extends RequestContext {
  readonly org: Org;
  readonly activities: Activities;
  readonly sessions: Sessions;
  readonly app: ClientApp;
  readonly usage: ApiUsage;
  readonly rules: RecordRules;
  readonly automation: Automation;
  readonly cursors: QueryCursors;
  readonly jobs: BulkJobs;
  readonly outbound: OutboundMessages;
  /** Metadata of custom fields by the IDs of their CustomField records. */
  readonly fieldMetadata: Map<string, FieldMetadata>;
  /** The product's user may change the org's setup. */
  canCustomize: boolean;
}

/** A request as an endpoint sees it. */
export interface Call {
  readonly context: SalesforceRequestContext;
  readonly org: Org;
  /** As in the path, e.g. `v66.0`. */
  readonly version: string;
  param(name: string): string;
  /** A query parameter; undefined if absent. */
  query(name: string): string | undefined;
  header(name: string): string | undefined;
  /** @throws SalesforceError 400 if the body does not match the schema */
  body<T>(schema: z.ZodType<T>): T;
  /** The body of an upload. */
  text(): string;
  /** The object in the path. @throws SalesforceError 404 */
  object(tooling?: boolean): ObjectType;
}

export type Endpoint = (call: Call) => Reply;

const FIRST_VERSION = 50;
export const LAST_VERSION = 67;

export function serve(context: SalesforceRequestContext, endpoint: Endpoint): RequestHandler {
  return async (req: Request, res: Response) => {
    const exchange = context.exchanges.get(req);
    if (!exchange) throw new Error('the request was not registered by receive()');
    const reply = handle(context, endpoint, req, exchange);
    // A request without a valid token gets no quota header.
    const headers = reply.status === 401 ? {} : context.usage.header(context.clock.now());
    await sendReply(res, exchange, reply, { ...headers, ...exchange.fault?.headers });
  };
}

function handle(context: SalesforceRequestContext, endpoint: Endpoint, req: Request, exchange: Exchange): Reply {
  try {
    logBody(exchange, req);
    checkToken(context, req.headers.authorization);
    const version = /^v(\d\d)\.0$/.exec(String(req.params.version));
    const number = Number(version?.[1]);
    if (!version || number < FIRST_VERSION || number > LAST_VERSION) throw notFound();
    context.usage.acquire(context.clock.now());
    return endpoint(callOf(context, req));
  } catch (error) {
    if (error instanceof SalesforceError) return { status: error.status, body: error.body };
    throw error;
  }
}

function checkToken({ sessions, clock }: SalesforceRequestContext, header: string | undefined): void {
  const token = /^(?:Bearer|OAuth) (.+)$/.exec(header ?? '')?.[1];
  if (token === undefined) throw new SalesforceError(401, 'INVALID_AUTH_HEADER', 'INVALID_HEADER_TYPE');
  if (!sessions.use(token, clock.now())) throw invalidSession();
}

function callOf(context: SalesforceRequestContext, req: Request): Call {
  const param = (name: string): string => {
    const value = req.params[name];
    if (typeof value !== 'string') throw notFound();
    return value;
  };
  return {
    context,
    org: context.org,
    version: param('version'),
    param,
    query: (name) => {
      const value = req.query[name];
      return typeof value === 'string' ? value : undefined;
    },
    header: (name) => req.get(name),
    body: (schema) => {
      const parsed = schema.safeParse(req.body);
      if (parsed.success) return parsed.data;
      throw badRequest('JSON_PARSER_ERROR', z.prettifyError(parsed.error));
    },
    text: () => (Buffer.isBuffer(req.body) ? req.body.toString('utf8') : ''),
    object: (tooling = false) => {
      const object = context.org.schema.visibleObject(param('object'));
      if (!object || object.prefix === '' || object.tooling !== tooling) throw notFound();
      return object;
    },
  };
}

const loggedSchema = z.object({
  records: z.array(z.looseObject({ id: z.string().optional(), Id: z.string().optional() })),
});

function logBody({ entry }: Exchange, req: Request): void {
  const parsed = loggedSchema.safeParse(req.body);
  if (!parsed.success) return;
  const writes = parsed.data.records.map(({ id, Id, attributes: _attributes, ...properties }) => {
    return { id: id ?? Id ?? '', properties };
  });
  entry.ids = writes.map(({ id }) => id);
  entry.writes = writes;
}
