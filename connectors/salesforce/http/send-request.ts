// One request through jsforce with a deadline for all of it. jsforce's own way to log in again is never set up (an org that
// always answers 401 would be asked for ever: https://github.com/jsforce/jsforce/pull/1833), and its transport is replaced: it
// cannot be broken off, so that a hanging answer would keep its socket, and it repeats some requests by itself and never a write.
import { PassThrough } from 'node:stream';
import type { Connection } from 'jsforce';
import { HttpApi } from 'jsforce/lib/http-api.js';
import { Transport } from 'jsforce/lib/transport.js';
import { StreamPromise } from 'jsforce/lib/util/promise.js';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Call } from './call.ts';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * @param timeoutMs from the request to the last byte
 * @throws ConnectorError `retry` for a reset, a failed look-up, a time-out; the signal's reason when aborted
 */
export function sendRequest(
  connection: Connection,
  call: Omit<Call<unknown>, 'answer'>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RawAnswer> {
  return withinTime(call.what, timeoutMs, signal, async (within) => {
    const transport = new AbortableTransport(within);
    // Any other type is parsed, and the text of an error is thrown away.
    const api = new HttpApi(connection, { transport, responseType: 'text/plain' });
    return await transport.answerTo(() => api.request(toRequest(connection, call)));
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

type SentRequest = Parameters<Transport['httpRequest']>[0];

/** Sends what jsforce asks for, once, and keeps the answer as it came. */
export class AbortableTransport extends Transport {
  readonly #signal: AbortSignal;
  #answer: RawAnswer | null = null;

  constructor(signal: AbortSignal) {
    super();
    this.#signal = signal;
  }

  override httpRequest(request: SentRequest) {
    return StreamPromise.create(() => ({ stream: new PassThrough(), promise: this.#send(request) }));
  }

  /** The answer to what jsforce sends meanwhile; a refusal, which it throws, is one too. */
  async answerTo(send: () => Promise<unknown>): Promise<RawAnswer> {
    try {
      await send();
    } catch (error) {
      if (this.#answer === null) throw error;
    }
    if (this.#answer === null) throw new Error('jsforce sent nothing');
    return this.#answer;
  }

  async #send({ url, method, headers, body }: SentRequest) {
    const response = await fetch(url, {
      method,
      ...(headers === undefined ? {} : { headers }),
      ...(typeof body === 'string' ? { body } : {}),
      // A token follows nobody to another server.
      redirect: 'manual',
      signal: this.#signal,
    });
    const text = await response.text();
    this.#answer = { status: response.status, headers: response.headers, text };
    return { statusCode: response.status, headers: Object.fromEntries(response.headers), body: text };
  }
}

/**
 * @param work is given a signal that is aborted when the time is over, too
 * @throws ConnectorError `retry`; the signal's reason when aborted
 */
export async function withinTime<T>(
  what: string,
  timeoutMs: number,
  signal: AbortSignal,
  work: (within: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ConnectorError) throw error;
    throw late.signal.aborted ? timedOut(what, timeoutMs) : brokenConnection(what, error);
  } finally {
    clearTimeout(timer);
  }
}

function timedOut(what: string, timeoutMs: number): ConnectorError {
  const message = `Salesforce did not answer within ${timeoutMs / 1000} s (${what})`;
  return new ConnectorError({ kind: 'retry', crm: 'salesforce', message, code: 'TIMEOUT' });
}

function brokenConnection(what: string, cause: unknown): ConnectorError {
  const message = `The connection to Salesforce broke (${[what, systemCode(cause)].filter(Boolean).join(', ')})`;
  return new ConnectorError({ kind: 'retry', crm: 'salesforce', message, code: 'CONNECTION', cause });
}

/** Why a connection broke, in the system's word: `ENOTFOUND`, `ECONNRESET`. fetch hides it in the cause. */
function systemCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return systemCode(error instanceof AggregateError ? error.errors[0] : error.cause);
}
