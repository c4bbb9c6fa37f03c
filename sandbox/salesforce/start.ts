// Starts the sandbox Salesforce: a local server that behaves as a real org does wherever the product touches it.
import { randomBytes } from 'node:crypto';
import express, { type NextFunction, type Request, type Response } from 'express';
import type { Clock } from '../../src/domain/clock.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { deliver } from '../http/deliver.ts';
import { type FaultRule, FaultScript } from '../http/fault-script.ts';
import { listen } from '../http/listen.ts';
import { receive } from '../http/receive.ts';
import { RequestLog } from '../http/request-log.ts';
import { createSandboxClock } from '../sandbox-clock.ts';
import { Activities } from './activities.ts';
import { Sessions } from './auth/sessions.ts';
import { answerTokenRequest, publicKeyOf } from './auth/token-endpoint.ts';
import { BulkJobs } from './bulk/bulk-jobs.ts';
import { ApiUsage } from './http/api-usage.ts';
import type { SalesforceRequestContext } from './http/endpoint.ts';
import { NODE_MAX_HEADER_BYTES, tooLong } from './http/size-limits.ts';
import { Org } from './org.ts';
import { OutboundMessages } from './outbound/outbound-messages.ts';
import { RecordRules } from './records/record-rules.ts';
import { apiRouter } from './routes/api.ts';
import { controlRouter } from './routes/control.ts';
import { badRequest, notFound, SalesforceError } from './salesforce-error.ts';
import { type SeededOrg, seedOrg } from './seed-org.ts';
import { QueryCursors } from './soql/query-cursors.ts';

const MAX_BODY = '25mb';
// 150 MB once it is encoded: https://developer.salesforce.com/docs/platform/api-asynch/guide/upload-job-data.html
const MAX_UPLOAD = '100mb';

export interface SalesforceSandboxOptions {
  /** 0 takes any free one. */
  readonly port: number;
  readonly dataset: Dataset;
  /** The real clock; the sandbox's own one runs with it. */
  readonly clock: Clock;
  /** Where the sandbox's clock starts; absent: at the real one's instant. */
  readonly now?: Date;
  readonly faults?: readonly FaultRule[];
  /** Requests are appended to it as JSON lines. */
  readonly logFile?: string;
  /** Calls in any 24 hours; absent: 100,000. */
  readonly dayLimit?: number;
  /** Several people on one task or event. */
  readonly sharedActivities?: boolean;
  /** Standard fields that the product's user may not see, as `Lead.Email`. */
  readonly hiddenFields?: readonly string[];
  /** A certificate or public key (PEM): assertions signed with its private key are taken. */
  readonly certificate?: string;
}

export interface SalesforceSandbox extends SeededOrg {
  /** Login server and org at once (My Domain). */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly orgId: string;
  /** The user's name, for assertions. */
  readonly username: string;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1 only. @throws the system's error when the port is taken */
export async function startSalesforceSandbox(options: SalesforceSandboxOptions): Promise<SalesforceSandbox> {
  const gate = gateOf(options);
  const { org, app, activities, outbound } = gate;
  const filled = seedOrg(org, activities, options.dataset);
  let address = '';
  const server = application(gate, () => address);
  const { url, close } = await listen(server, options.port, NODE_MAX_HEADER_BYTES);
  address = url;
  const { clientId, clientSecret } = app;
  const username = String(org.find(org.userId)?.values.Username);
  const end = () => {
    outbound.stop();
    return close();
  };
  return { ...filled, url, clientId, clientSecret, orgId: org.id, username, close: end };
}

function gateOf(options: SalesforceSandboxOptions): SalesforceRequestContext {
  const clock = createSandboxClock(options.clock, options.now);
  const { sharedActivities = false, hiddenFields = [], certificate } = options;
  const org = new Org({ clock, sharedActivities, hiddenFields });
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
    cursors: new QueryCursors(),
    jobs: new BulkJobs(org),
    outbound: new OutboundMessages(org),
    fieldMetadata: new Map(),
    canCustomize: true,
  };
}

function application(gate: SalesforceRequestContext, address: () => string): express.Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const json = express.json({ limit: MAX_BODY });
  app.use('/_sandbox', json, controlRouter(gate));
  app.use(receive(gate, deliver));
  app.use(async (req: Request, res: Response, next: NextFunction) => {
    const exchange = gate.exchanges.get(req);
    const refusal = tooLong(req);
    if (exchange && refusal) await deliver(res, exchange, refusal, {});
    else next();
  });
  app.post('/services/oauth2/token', express.urlencoded({ extended: false }), async (req, res) => {
    const exchange = gate.exchanges.get(req);
    const { org, sessions, app: client } = gate;
    const context = { org, sessions, app: client, url: address() };
    if (exchange) await deliver(res, exchange, answerTokenRequest(context, req.body ?? {}), {});
  });
  app.use('/services/data', json, express.raw({ type: 'text/csv', limit: MAX_UPLOAD }), apiRouter(gate));
  app.use(async (req: Request, res: Response) => {
    const exchange = gate.exchanges.get(req);
    const { status, body } = notFound();
    if (exchange) await deliver(res, exchange, { status, body }, {});
  });
  // What reaches this is a body that is no JSON or too large, or a mistake of the sandbox itself.
  app.use(async (error: unknown, req: Request, res: Response, next: NextFunction) => {
    const exchange = gate.exchanges.get(req);
    if (!exchange || res.headersSent) return next(error);
    const { status, body } = refusalOf(error);
    await deliver(res, exchange, { status, body }, {});
  });
  return app;
}

function refusalOf(error: unknown): SalesforceError {
  const type = error instanceof Error && 'type' in error ? error.type : null;
  if (type === 'entity.too.large') {
    return badRequest('EXCEEDED_MAX_SIZE_REQUEST', 'Maximum size of request reached.');
  }
  if (type !== null && error instanceof Error) return badRequest('JSON_PARSER_ERROR', error.message);
  return new SalesforceError(500, 'UNKNOWN_EXCEPTION', `internal error of the sandbox: ${String(error)}`);
}
