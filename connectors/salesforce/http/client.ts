// Every call to Salesforce goes through this client: login, daily quota, total time-out, retries,
// and validation of the response before its use.
import type { Connection } from 'jsforce';
import type { RetryOptions } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { withRetries } from '../../kit/with-retries.ts';
import type { ApiResponse, Call } from './call.ts';
import { createDailyQuota } from './daily-quota.ts';
import { toConnectorError } from './error-response.ts';
import { createSession, type Session } from './login.ts';
import { parseResponse } from './parse-response.ts';
import { sendRequest } from './send-request.ts';
import { createServerClock, type ServerClock } from './server-clock.ts';
import type { SalesforceSettings } from './settings.ts';

export interface SalesforceHttp {
  readonly retryOptions: RetryOptions;
  /** @throws ConnectorError of any kind; `retry` only after the last attempt has failed */
  call<T>(call: Call<T>, signal: AbortSignal): Promise<T>;
  /** Like `call`, with the headers of the response. */
  callWithHeaders<T>(call: Call<T>, signal: AbortSignal): Promise<ApiResponse<T>>;
  /** The ID of the user that the connector logs in as. */
  userId(signal: AbortSignal): Promise<string>;
  /** Calls made so far, including retries but not logins. */
  apiCallCount(): number;
  /**
   * The current time by Salesforce's clock (epoch ms), from the `Date` header of the last response.
   * @throws ConnectorError of a login
   */
  now(signal: AbortSignal): Promise<number>;
}

const DEFAULT_RETRY_OPTIONS: RetryOptions = {
  timeoutMs: 60_000,
  retries: 5,
  initialDelayMs: 500,
  maxThrottleWaitMs: 60_000,
};

interface HttpParts {
  readonly settings: SalesforceSettings;
  /** The share of the calls of 24 hours, by all apps, at which Leadgrade stops. */
  readonly callShare: number;
  readonly clock: Clock;
  readonly retryOptions?: RetryOptions;
}

export function createHttp({
  settings,
  callShare,
  clock,
  retryOptions = DEFAULT_RETRY_OPTIONS,
}: HttpParts): SalesforceHttp {
  const { timeoutMs } = retryOptions;
  const serverClock = createServerClock(clock);
  const session = createSession({ settings, clock, timeoutMs, onResponseHeaders: serverClock.update });
  const sender = createSender({ settings, callShare, clock, session, serverClock, timeoutMs });
  const connect = (signal: AbortSignal) => withRetries(() => session.connection(signal), retryOptions, signal);
  const callWithHeaders = <T>(call: Call<T>, signal: AbortSignal) =>
    withRetries(() => sender.attempt(call, signal), retryOptions, signal);
  return {
    retryOptions,
    callWithHeaders,
    call: async (call, signal) => (await callWithHeaders(call, signal)).body,
    userId: async (signal) => (await connect(signal)).userInfo?.id ?? '',
    apiCallCount: sender.apiCallCount,
    now: async (signal) => {
      // Before the first response, a login provides the server time.
      if (serverClock.now() === null) await connect(signal);
      return serverClock.now() ?? clock.now().getTime();
    },
  };
}

interface SenderParts extends HttpParts {
  readonly session: Session;
  readonly serverClock: ServerClock;
  readonly timeoutMs: number;
}

/** One attempt of a call, without retries. */
function createSender({ callShare, clock, session, serverClock, timeoutMs }: SenderParts) {
  const quota = createDailyQuota({ share: callShare, clock });
  let calls = 0;

  async function attempt<T>(call: Call<T>, signal: AbortSignal): Promise<ApiResponse<T>> {
    quota.check();
    const connection = await session.connection(signal);
    try {
      return await send(call, connection, signal);
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.kind !== 'auth') throw error;
      // The token has expired or was revoked: log in once. A new token that Salesforce rejects as
      // well needs operator action.
      session.invalidate(connection);
      return await send(call, await session.connection(signal), signal);
    }
  }

  async function send<T>(call: Call<T>, connection: Connection, signal: AbortSignal): Promise<ApiResponse<T>> {
    calls += 1;
    const raw = await sendRequest(connection, call, timeoutMs + uploadTimeMs(call.body), signal);
    serverClock.update(raw.headers);
    quota.recordUsage(raw.headers);
    if (raw.status >= 200 && raw.status < 300) return { body: parseResponse(call, raw.text), headers: raw.headers };
    const error = toConnectorError(call.what, raw, clock.now());
    throw error.kind === 'budget-spent' ? quota.toQuotaError(error) : error;
  }

  return { attempt, apiCallCount: () => calls };
}

/**
 * The slowest upload that is still allowed to finish: 1 Mbit/s. Without this allowance a large
 * upload on a slow line would be aborted and restarted on every attempt.
 */
const MIN_UPLOAD_BYTES_PER_MS = 125;

function uploadTimeMs(body: unknown): number {
  return typeof body === 'string' ? Math.ceil(Buffer.byteLength(body) / MIN_UPLOAD_BYTES_PER_MS) : 0;
}
