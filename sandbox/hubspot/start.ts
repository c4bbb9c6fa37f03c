// Starts the sandbox HubSpot: a local server that behaves as the real one does wherever the product touches it.
import express, { type NextFunction, type Request, type Response } from 'express';
import type { Clock } from '../../src/domain/clock.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { type FaultRule, FaultScript } from '../http/fault-script.ts';
import { listen } from '../http/listen.ts';
import { receive } from '../http/receive.ts';
import { RequestLog } from '../http/request-log.ts';
import { createSandboxClock } from '../sandbox-clock.ts';
import { deliverAsHubSpot } from './http/deliver.ts';
import type { HubSpotRequestContext } from './http/endpoint.ts';
import { RateLimits } from './http/rate-limits.ts';
import { scopesOf } from './http/scopes.ts';
import { badRequest } from './hubspot-error.ts';
import { Portal } from './portal.ts';
import { apiRouter } from './routes/api.ts';
import { controlRouter } from './routes/control.ts';
import { seedPortal } from './seed-portal.ts';
import type { Tier } from './tier.ts';
import { type WebhookSettingsInput, webhookSettingsSchema } from './webhooks/webhook-settings.ts';
import { Webhooks } from './webhooks/webhooks.ts';

const DEFAULT_SEARCH_LAG_MS = 2_000;
const MAX_BODY = '10mb';

export interface HubSpotSandboxOptions {
  /** 0 takes any free one. */
  readonly port: number;
  readonly dataset: Dataset;
  /** The real clock; the sandbox's own one runs with it. */
  readonly clock: Clock;
  /** Where the sandbox's clock starts; absent: at the real one's instant. */
  readonly now?: Date;
  /** Absent: enterprise. */
  readonly tier?: Tier;
  /** The token's scopes; absent: all that the tier allows. */
  readonly scopes?: readonly string[];
  readonly faults?: readonly FaultRule[];
  /** How long until search and event answers show a change, by the sandbox's clock; absent: two seconds. */
  readonly searchLagMs?: number;
  /** Calls a day; absent: the tier's. */
  readonly dayLimit?: number;
  /** Requests are appended to it as JSON lines. */
  readonly logFile?: string;
  /** Where its webhooks go from the start; absent: nowhere, until the control API says so. */
  readonly webhooks?: WebhookSettingsInput;
}

export interface HubSpotSandbox {
  readonly url: string;
  readonly accessToken: string;
  readonly clientSecret: string;
  readonly appId: string;
  readonly portalId: string;
  /** The contacts' ids by the data set's keys. */
  readonly contactIds: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1 only. @throws the system's error when the port is taken, a ZodError for webhooks to another machine */
export async function startHubSpotSandbox(options: HubSpotSandboxOptions): Promise<HubSpotSandbox> {
  const tier = options.tier ?? 'enterprise';
  const portal = new Portal({
    tier,
    clock: createSandboxClock(options.clock, options.now),
    searchLagMs: options.searchLagMs ?? DEFAULT_SEARCH_LAG_MS,
  });
  const contactIds = seedPortal(portal, options.dataset);
  const gate: HubSpotRequestContext = {
    portal,
    clock: portal.clock,
    limits: new RateLimits(tier, options.dayLimit),
    faults: new FaultScript(options.faults ?? []),
    log: new RequestLog(options.logFile),
    scopes: new Set(options.scopes ?? scopesOf(tier)),
    exchanges: new WeakMap(),
    webhooks: new Webhooks(portal),
  };
  if (options.webhooks) gate.webhooks.aim(webhookSettingsSchema.parse(options.webhooks));
  const { url, close } = await listen(application(gate), options.port);
  return {
    url,
    accessToken: portal.accessToken,
    clientSecret: portal.clientSecret,
    appId: String(portal.appId),
    portalId: String(portal.id),
    contactIds,
    close: () => {
      gate.webhooks.stop();
      return close();
    },
  };
}

function application(gate: HubSpotRequestContext): express.Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const json = express.json({ limit: MAX_BODY, strict: false });
  app.use('/_sandbox', json, controlRouter(gate));
  app.use(receive(gate, deliverAsHubSpot), json, apiRouter(gate));
  // What reaches this is a body that is no JSON, or a mistake of the sandbox itself.
  app.use(async (error: unknown, req: Request, res: Response, next: NextFunction) => {
    const exchange = gate.exchanges.get(req);
    if (!exchange || res.headersSent) return next(error);
    const { status, body } = isBodyError(error)
      ? badRequest(`Invalid input JSON on line 1, column 1: ${error.message}`)
      : { status: 500, body: { status: 'error', message: 'internal error of the sandbox', detail: String(error) } };
    await deliverAsHubSpot(res, exchange, { status, body }, {});
  });
  return app;
}

function isBodyError(error: unknown): error is Error {
  return error instanceof Error && 'type' in error;
}
