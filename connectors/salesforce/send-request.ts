// One request through jsforce with a deadline for all of it. jsforce's own retry is switched off (it leaves out every write, and
// ours has one policy for all); its own way to log in again is never set up (an org that always answers 401 would be asked
// for ever: https://github.com/jsforce/jsforce/pull/1833); its answers are left as text, so that we see what was refused.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'jsforce';
import { HttpApi } from 'jsforce/lib/http-api.js';
import { z } from 'zod';
import { ConnectorError } from '../connector-error.ts';
import type { Call } from './call.ts';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const responseSchema = z.object({
  statusCode: z.number(),
  headers: z.record(z.string(), z.string()),
  body: z.string().optional(),
});

/**
 * @param timeoutMs from the request to the last byte
 * @throws ConnectorError `retry` for a reset, a failed look-up, a time-out; the signal's reason when aborted
 */
export async function sendRequest(
  connection: Connection,
  call: Omit<Call<unknown>, 'answer'>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RawAnswer> {
  return withinTime(call.what, timeoutMs, signal, async () => {
    const api = new HttpApi(connection, {
      // Any other type is parsed, and the text of an error is thrown away.
      responseType: 'text/plain',
      timeout: timeoutMs,
      retry: { methods: [] },
      followRedirect: false,
    });
    let response: unknown;
    api.once('response', (received: unknown) => {
      response = received;
    });
    try {
      await api.request(toRequest(connection, call));
    } catch (error) {
      // A refusal is an answer, too.
      if (response === undefined) throw error;
    }
    const { statusCode, headers, body = '' } = responseSchema.parse(response);
    return { status: statusCode, headers: new Headers(headers), text: body };
  });
}

function toRequest(
  connection: Connection,
  { method = 'GET', path, query, body, headers }: Omit<Call<unknown>, 'answer'>,
) {
  const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
  const isText = typeof body === 'string';
  return {
    method,
    url: `${connection.instanceUrl}/services/data/v${connection.version}${path}${search}`,
    headers: {
      ...(body === undefined ? {} : { 'content-type': isText ? 'text/csv; charset=UTF-8' : 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  };
}

/**
 * jsforce's time-out ends with the headers, and nothing of it takes a signal.
 * @throws ConnectorError `retry`; the signal's reason when aborted
 */
export async function withinTime<T>(
  what: string,
  timeoutMs: number,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const over = new AbortController();
  try {
    const late = sleep(timeoutMs, undefined, { signal: AbortSignal.any([signal, over.signal]) }).then(() => {
      throw new ConnectorError({
        kind: 'retry',
        crm: 'salesforce',
        message: `Salesforce did not answer within ${timeoutMs / 1000} s (${what})`,
        code: 'TIMEOUT',
      });
    });
    return await Promise.race([work(), late]);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ConnectorError) throw error;
    throw brokenConnection(what, error);
  } finally {
    over.abort();
  }
}

function brokenConnection(what: string, cause: unknown): ConnectorError {
  const message = `The connection to Salesforce broke (${[what, systemCode(cause)].filter(Boolean).join(', ')})`;
  return new ConnectorError({ kind: 'retry', crm: 'salesforce', message, code: 'CONNECTION', cause });
}

/** Why a connection broke, in the system's word: `ENOTFOUND`, `ECONNRESET`. undici hides it in the cause. */
function systemCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return systemCode(error instanceof AggregateError ? error.errors[0] : error.cause);
}
