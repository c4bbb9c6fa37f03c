// Starts the Salesforce sandbox: a local server that behaves like an org's API as far as the
// product uses it.
import { randomBytes } from 'node:crypto';
import express, { type NextFunction, type Request, type Response } from 'express';
import { type BaseClock, createSandboxClock } from '../clock.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { type FaultRule, FaultScript } from '../http/fault-script.ts';
import { listen } from '../http/listen.ts';
import { receive, receiveBody } from '../http/receive.ts';
import { RequestLog } from '../http/request-log.ts';
import { sendReply } from '../http/send-reply.ts';
import { Sessions } from './auth/sessions.ts';
import { handleTokenRequest, publicKeyOf } from './auth/token-endpoint.ts';
import { BulkJobs } from './bulk/bulk-jobs.ts';
import { controlRouter } from './control/router.ts';
import { ApiUsage } from './http/api-usage.ts';
import type { SalesforceRequestContext } from './http/endpoint.ts';
import { NODE_MAX_HEADER_BYTES, tooLong } from './http/size-limits.ts';
import { Activities } from './org/activities.ts';
import { Org } from './org/org.ts';
import { type SeededOrg, seedOrg } from './org/seed-org.ts';
import { OutboundMessages } from './outbound/outbound-messages.ts';
import { Automation } from './records/automation.ts';
import { RecordRules } from './records/record-rules.ts';
import { apiRouter } from './routes/api.ts';
import { badRequest, notFound, SalesforceError } from './salesforce-error.ts';
import { QueryCursors } from './soql/query-cursors.ts';

const MAX_BODY = '25mb';
// 150 MB when base64-encoded:
// https://developer.salesforce.com/docs/platform/api-asynch/guide/upload-job-data.html
const MAX_UPLOAD = '100mb';

export interface SalesforceSandboxOptions {
  /** 0 = any free port. */
  readonly port: number;
  readonly dataset: Dataset;
  /** The base clock; the sandbox's own clock advances with it. */
  readonly clock: BaseClock;
  /** First instant of the sandbox's clock; absent: the base clock's. */
  readonly now?: Date;
  readonly faults?: readonly FaultRule[];
  /** Requests are appended to this file as JSON lines. */
  readonly logFile?: string;
  /** Calls in any 24 hours; absent: 100,000. */
  readonly dayLimit?: number;
  /** Several people per task or event. */
  readonly sharedActivities?: boolean;
  /** Standard fields that the product's user cannot see, e.g. `Lead.Email`. */
  readonly hiddenFields?: readonly string[];
  /** Person accounts are enabled. */
  readonly personAccounts?: boolean;
  /** A certificate or public key (PEM): assertions signed with its private key are accepted. */
  readonly certificate?: string;
}

export interface SalesforceSandbox extends SeededOrg {
  /** Address of both login server and org (My Domain). */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly orgId: string;
  /** The product's user, for assertions. */
  readonly username: string;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1 only. @throws the system's error if the port is in use */
export async function startSalesforceSandbox(options: SalesforceSandboxOptions): Promise<SalesforceSandbox> {
  const context = createContext(options);
  const { org, app, activities, outbound } = context;
  const seeded = seedOrg(org, activities, options.dataset);
  let address = '';
  const server = application(context, () => address);
  const { url, close } = await listen(server, options.port, NODE_MAX_HEADER_BYTES);
  address = url;
  const { clientId, clientSecret } = app;
  const username = String(org.find(org.userId)?.values.Username);
  const end = () => {
    outbound.stop();
    return close();
  };
  return { ...seeded, url, clientId, clientSecret, orgId: org.id, username, close: end };
}

function createContext(options: SalesforceSandboxOptions): SalesforceRequestContext {
  const clock = createSandboxClock(options.clock, options.now);
  const { sharedActivities = false, hiddenFields = [], personAccounts = false, certificate } = options;
  const org = new Org({ clock, sharedActivities, hiddenFields, personAccounts });
  return {
    org,
    clock,
    activities: new Activities(org),
    faults: new FaultScript(options.faults ?? []),
    log: new RequestLog(options.logFile),
    exchanges: new WeakMap(),
    sessions: new Sessions(org.id),
    app: {
      clientId: `3MVG9${randomBytes(40).toString('base64url')}`,
      clientSecret: randomBytes(32).toString('hex').toUpperCase(),
      hasRunAs: true,
      preauthorized: true,
      publicKey: certificate === undefined ? null : publicKeyOf(certificate),
    },
    usage: new ApiUsage(options.dayLimit),
    rules: new RecordRules(),
    automation: new Automation(),
    cursors: new QueryCursors(),
    jobs: new BulkJobs(org),
    outbound: new OutboundMessages(org),
    fieldMetadata: new Map(),
    canCustomize: true,
  };
}

function application(context: SalesforceRequestContext, address: () => string): express.Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const json = express.json({ limit: MAX_BODY });
  app.use('/_sandbox', json, controlRouter(context));
  app.use(receive(context, sendReply));
  app.use(async (req: Request, res: Response, next: NextFunction) => {
    const exchange = context.exchanges.get(req);
    const errorReply = tooLong(req);
    if (exchange && errorReply) await sendReply(res, exchange, errorReply, {});
    else next();
  });
  app.post('/services/oauth2/token', express.urlencoded({ extended: false }), async (req, res) => {
    const exchange = context.exchanges.get(req);
    const { org, sessions, app: client } = context;
    const tokenContext = { org, sessions, app: client, url: address() };
    if (exchange) await sendReply(res, exchange, handleTokenRequest(tokenContext, req.body ?? {}), {});
  });
  const upload = express.raw({ type: 'text/csv', limit: MAX_UPLOAD });
  app.use('/services/data', json, receiveBody(context, sendReply), upload, apiRouter(context));
  app.use(async (req: Request, res: Response) => {
    const exchange = context.exchanges.get(req);
    const { status, body } = notFound();
    if (exchange) await sendReply(res, exchange, { status, body }, {});
  });
  // Reached by a body that is not valid JSON or too large, or by a bug of the sandbox.
  app.use(async (error: unknown, req: Request, res: Response, next: NextFunction) => {
    const exchange = context.exchanges.get(req);
    if (!exchange || res.headersSent) return next(error);
    const { status, body } = toSalesforceError(error);
    await sendReply(res, exchange, { status, body }, {});
  });
  return app;
}

function toSalesforceError(error: unknown): SalesforceError {
  const type = error instanceof Error && 'type' in error ? error.type : null;
  if (type === 'entity.too.large') {
    return badRequest('EXCEEDED_MAX_SIZE_REQUEST', 'Maximum size of request reached.');
  }
  if (type !== null && error instanceof Error) return badRequest('JSON_PARSER_ERROR', error.message);
  return new SalesforceError(500, 'UNKNOWN_EXCEPTION', `internal error of the sandbox: ${String(error)}`);
}
