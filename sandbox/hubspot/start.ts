// Starts the HubSpot sandbox: a local server that behaves like HubSpot's API as far as the product
// uses it.
import express, { type NextFunction, type Request, type Response } from 'express';
import { type BaseClock, createSandboxClock } from '../clock.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { type FaultRule, FaultScript } from '../http/fault-script.ts';
import { listen } from '../http/listen.ts';
import { receive, receiveBody } from '../http/receive.ts';
import { RequestLog } from '../http/request-log.ts';
import { controlRouter } from './control/router.ts';
import type { HubSpotRequestContext } from './http/endpoint.ts';
import { RateLimits } from './http/rate-limits.ts';
import { scopesOf } from './http/scopes.ts';
import { sendHubSpotReply } from './http/send-hubspot-reply.ts';
import { badRequest } from './hubspot-error.ts';
import { Portal } from './portal/portal.ts';
import { seedPortal } from './portal/seed-portal.ts';
import { apiRouter } from './routes/api.ts';
import type { Tier } from './tier.ts';
import { type WebhookSettingsInput, webhookSettingsSchema } from './webhooks/webhook-settings.ts';
import { Webhooks } from './webhooks/webhooks.ts';

const DEFAULT_SEARCH_LAG_MS = 2_000;
const MAX_BODY = '10mb';

export interface HubSpotSandboxOptions {
  /** 0 = any free port. */
  readonly port: number;
  readonly dataset: Dataset;
  /** The base clock; the sandbox's own clock advances with it. */
  readonly clock: BaseClock;
  /** First instant of the sandbox's clock; absent: the base clock's. */
  readonly now?: Date;
  /** Absent: enterprise. */
  readonly tier?: Tier;
  /** The token's scopes; absent: all that the tier allows. */
  readonly scopes?: readonly string[];
  readonly faults?: readonly FaultRule[];
  /**
   * Delay until search and event endpoints return a change, by the sandbox's clock; absent: two
   * seconds.
   */
  readonly searchLagMs?: number;
  /** Calls per day; absent: the tier's limit. */
  readonly dayLimit?: number;
  /** Requests are appended to this file as JSON lines. */
  readonly logFile?: string;
  /** Webhooks that are sent from the start; absent: none until the control API sets a target. */
  readonly webhooks?: WebhookSettingsInput;
}

export interface HubSpotSandbox {
  readonly url: string;
  readonly accessToken: string;
  readonly clientSecret: string;
  readonly appId: string;
  readonly portalId: string;
  /** The contacts' IDs by `SeedPerson.key`. */
  readonly contactIds: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

/**
 * Listens on 127.0.0.1 only.
 * @throws the system's error if the port is in use, a ZodError for webhooks to another machine
 */
export async function startHubSpotSandbox(options: HubSpotSandboxOptions): Promise<HubSpotSandbox> {
  const tier = options.tier ?? 'enterprise';
  const portal = new Portal({
    tier,
    clock: createSandboxClock(options.clock, options.now),
    searchLagMs: options.searchLagMs ?? DEFAULT_SEARCH_LAG_MS,
  });
  const contactIds = seedPortal(portal, options.dataset);
  const context: HubSpotRequestContext = {
    portal,
    clock: portal.clock,
    limits: new RateLimits(tier, options.dayLimit, { portalId: portal.id, appId: portal.appId }),
    faults: new FaultScript(options.faults ?? []),
    log: new RequestLog(options.logFile),
    scopes: new Set(options.scopes ?? scopesOf(tier)),
    exchanges: new WeakMap(),
    webhooks: new Webhooks(portal),
  };
  if (options.webhooks) context.webhooks.setTarget(webhookSettingsSchema.parse(options.webhooks));
  const { url, close } = await listen(application(context), options.port);
  return {
    url,
    accessToken: portal.accessToken,
    clientSecret: portal.clientSecret,
    appId: String(portal.appId),
    portalId: String(portal.id),
    contactIds,
    close: () => {
      context.webhooks.stop();
      return close();
    },
  };
}

function application(context: HubSpotRequestContext): express.Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const json = express.json({ limit: MAX_BODY, strict: false });
  app.use('/_sandbox', json, controlRouter(context));
  app.use(receive(context, sendHubSpotReply), json, receiveBody(context, sendHubSpotReply), apiRouter(context));
  // Reached by a body that is not valid JSON, or by a bug of the sandbox.
  app.use(async (error: unknown, req: Request, res: Response, next: NextFunction) => {
    const exchange = context.exchanges.get(req);
    if (!exchange || res.headersSent) return next(error);
    const { status, body } = isBodyError(error)
      ? badRequest(`Invalid input JSON on line 1, column 1: ${error.message}`)
      : { status: 500, body: { status: 'error', message: 'internal error of the sandbox', detail: String(error) } };
    await sendHubSpotReply(res, exchange, { status, body }, {});
  });
  return app;
}

function isBodyError(error: unknown): error is Error {
  return error instanceof Error && 'type' in error;
}
