// Every call to Salesforce goes through here: login, calls left, total time-out, retry, and an answer that is checked before use.
import type { Connection } from 'jsforce';
import type { RetryOptions } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { withRetries } from '../../kit/with-retries.ts';
import type { Answer, Call } from './call.ts';
import { createDailyQuota } from './daily-quota.ts';
import { toConnectorError } from './error-response.ts';
import { createSession } from './login.ts';
import { sendRequest } from './send-request.ts';
import type { SalesforceSettings } from './settings.ts';

export interface SalesforceHttp {
  readonly patience: RetryOptions;
  /** @throws ConnectorError of every kind; `retry` only after the attempts are used up */
  call<T>(call: Call<T>, signal: AbortSignal): Promise<T>;
  /** With the headers of the answer. */
  ask<T>(call: Call<T>, signal: AbortSignal): Promise<Answer<T>>;
  /** The id of the user that this logs in as. */
  userId(signal: AbortSignal): Promise<string>;
  callsMade(): number;
  /** The instant by Salesforce's clock (epoch ms), as the last answer told it. @throws ConnectorError of a login */
  now(signal: AbortSignal): Promise<number>;
}

const DEFAULT_PATIENCE: RetryOptions = {
  timeoutMs: 60_000,
  retries: 5,
  initialDelayMs: 500,
  maxThrottleWaitMs: 60_000,
};

interface HttpParts {
  readonly settings: SalesforceSettings;
  readonly clock: Clock;
  readonly patience?: RetryOptions;
}

export function createHttp({ settings, clock, patience = DEFAULT_PATIENCE }: HttpParts): SalesforceHttp {
  const { timeoutMs } = patience;
  const budget = createDailyQuota({ share: settings.SALESFORCE_DAILY_QUOTA_SHARE, clock });
  const session = createSession({ settings, clock, timeoutMs, heard: noteTime });
  let calls = 0;
  let skew: number | null = null;

  function noteTime(headers: Headers): void {
    const date = Date.parse(headers.get('date') ?? '');
    if (!Number.isNaN(date)) skew = date - clock.now().getTime();
  }

  async function attempt<T>(call: Call<T>, signal: AbortSignal): Promise<Answer<T>> {
    budget.check();
    const used = await session.connection(signal);
    try {
      return await send(call, used, signal);
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.kind !== 'auth') throw error;
      // The token has expired, or was taken back. Once: a token that is new and refused as well needs somebody.
      session.drop(used);
      return await send(call, await session.connection(signal), signal);
    }
  }

  async function send<T>(call: Call<T>, used: Connection, signal: AbortSignal): Promise<Answer<T>> {
    calls += 1;
    const raw = await sendRequest(used, call, timeoutMs + timeToSend(call.body), signal);
    noteTime(raw.headers);
    budget.note(raw.headers);
    if (raw.status >= 200 && raw.status < 300) return { body: readAnswer(call, raw.text), headers: raw.headers };
    const error = toConnectorError(call.what, raw, clock.now());
    throw error.kind === 'budget-spent' ? budget.refused(error) : error;
  }

  const ask = <T>(call: Call<T>, signal: AbortSignal) => withRetries(() => attempt(call, signal), patience, signal);
  return {
    patience,
    ask,
    call: async (call, signal) => (await ask(call, signal)).body,
    userId: async (signal) => {
      const used = await withRetries(() => session.connection(signal), patience, signal);
      return used.userInfo?.id ?? '';
    },
    callsMade: () => calls,
    now: async (signal) => {
      // Where no answer has told the time yet, a login does.
      if (skew === null) await withRetries(() => session.connection(signal), patience, signal);
      return clock.now().getTime() + (skew ?? 0);
    },
  };
}

/** What a slow line takes for an upload: it would be broken off each time, and begun anew for ever. */
const SLOW_BYTES_PER_MS = 125;

function timeToSend(body: unknown): number {
  return typeof body === 'string' ? Math.ceil(Buffer.byteLength(body) / SLOW_BYTES_PER_MS) : 0;
}

/**
 * @throws ConnectorError `retry` when it is no JSON (cut off, or a gateway's page), `invalid` when it has another shape
 */
function readAnswer<T>(call: Call<T>, text: string): T {
  const parsed = call.answer.safeParse(call.isCsv === true ? text : jsonOf(call.what, text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue?.path.map(String).join('.') ?? '';
  const message = `Salesforce's answer has another shape than expected (${call.what}): ${place} ${issue?.message ?? ''}`;
  const fix = 'Check SALESFORCE_LOGIN_URL and SALESFORCE_API_VERSION.';
  throw new ConnectorError({ kind: 'invalid', crm: 'salesforce', message, code: 'UNEXPECTED_ANSWER', fix });
}

function jsonOf(what: string, text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    // The parser's own error quotes the text, which may be anybody's data.
    const message = `Salesforce's answer could not be read (${what}): not JSON`;
    throw new ConnectorError({ kind: 'retry', crm: 'salesforce', message, code: 'UNREADABLE' });
  }
}
