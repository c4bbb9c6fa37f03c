// One request through jsforce, with one deadline for the whole request. jsforce's own re-login is
// never configured: an org that always responds 401 would be called endlessly
// (https://github.com/jsforce/jsforce/pull/1833).
import { PassThrough } from 'node:stream';
import type { Connection } from 'jsforce';
import { HttpApi } from 'jsforce/lib/http-api.js';
import { Transport } from 'jsforce/lib/transport.js';
import { StreamPromise } from 'jsforce/lib/util/promise.js';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Call } from './call.ts';

export interface RawResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * @param timeoutMs from the request to the last byte
 * @throws ConnectorError `retry` for a reset connection, a failed DNS lookup or a time-out; the
 * signal's reason when aborted
 */
export function sendRequest(
  connection: Connection,
  call: Omit<Call<unknown>, 'answer'>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RawResponse> {
  return withTimeout(call.what, timeoutMs, signal, async (timeoutSignal) => {
    const transport = new AbortableTransport(timeoutSignal);
    // jsforce parses any other type, and discards the text of an error.
    const api = new HttpApi(connection, { transport, responseType: 'text/plain' });
    return await transport.responseTo(() => api.request(toRequest(connection, call)));
  });
}

/**
 * Without this header each update runs the org's active assignment rule, which may give the Lead to
 * another owner. It also covers the Leads and Cases that a trigger updates in the same transaction.
 * https://developer.salesforce.com/docs/platform/api-rest/guide/headers-autoassign.html
 */
const NO_ASSIGNMENT_RULE = { 'Sforce-Auto-Assign': 'FALSE' };

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
      ...(method === 'GET' ? {} : NO_ASSIGNMENT_RULE),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  };
}

type SentRequest = Parameters<Transport['httpRequest']>[0];

/**
 * Sends the request of jsforce once and stores the unparsed response. It replaces jsforce's own
 * transport, which cannot be aborted, so that a hanging response would keep its socket, and which
 * retries some requests but never a write.
 */
export class AbortableTransport extends Transport {
  readonly #signal: AbortSignal;
  #response: RawResponse | null = null;

  constructor(signal: AbortSignal) {
    super();
    this.#signal = signal;
  }

  override httpRequest(request: SentRequest) {
    return StreamPromise.create(() => ({ stream: new PassThrough(), promise: this.#send(request) }));
  }

  /**
   * The response to the request that jsforce sends within `send`. jsforce throws for an error
   * response; this returns it.
   */
  async responseTo(send: () => Promise<unknown>): Promise<RawResponse> {
    try {
      await send();
    } catch (error) {
      if (this.#response === null) throw error;
    }
    if (this.#response === null) throw new Error('jsforce sent no request');
    return this.#response;
  }

  async #send({ url, method, headers, body }: SentRequest) {
    const response = await fetch(url, {
      method,
      ...(headers === undefined ? {} : { headers }),
      ...(typeof body === 'string' ? { body } : {}),
      // A redirect must not carry the token to another server.
      redirect: 'manual',
      signal: this.#signal,
    });
    const text = await response.text();
    this.#response = { status: response.status, headers: response.headers, text };
    return { statusCode: response.status, headers: Object.fromEntries(response.headers), body: text };
  }
}

/**
 * @param work receives a signal that is aborted with `signal` or after `timeoutMs`
 * @throws ConnectorError `retry` for a time-out or a broken connection; the signal's reason when
 * aborted
 */
export async function withTimeout<T>(
  what: string,
  timeoutMs: number,
  signal: AbortSignal,
  work: (timeoutSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), timeoutMs);
  try {
    return await work(AbortSignal.any([signal, timeout.signal]));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ConnectorError) throw error;
    throw timeout.signal.aborted ? timeoutError(what, timeoutMs) : connectionError(what, error);
  } finally {
    clearTimeout(timer);
  }
}

function timeoutError(what: string, timeoutMs: number): ConnectorError {
  const message = `Salesforce did not respond within ${timeoutMs / 1000} s (${what})`;
  return new ConnectorError({ kind: 'retry', crm: 'salesforce', message, code: 'TIMEOUT' });
}

function connectionError(what: string, cause: unknown): ConnectorError {
  const message = `The connection to Salesforce broke (${[what, systemCode(cause)].filter(Boolean).join(', ')})`;
  return new ConnectorError({ kind: 'retry', crm: 'salesforce', message, code: 'CONNECTION', cause });
}

/**
 * The operating system's code for a broken connection: `ENOTFOUND`, `ECONNRESET`. fetch nests it in
 * the cause.
 */
function systemCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return systemCode(error instanceof AggregateError ? error.errors[0] : error.cause);
}
