// One request through the SDK, with one deadline for the whole request: `apiRequest` itself takes
// no signal.
import type { Client } from '@hubspot/api-client';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { ProbeCall } from './call.ts';

export interface RawResponse {
  readonly response: Response;
  readonly text: string;
}

/**
 * @param timeoutMs from the request to the last byte of the response
 * @throws ConnectorError `retry` for a reset connection, a failed DNS lookup or a time-out; the
 *   signal's reason when aborted
 */
export async function sendRequest(
  client: Client,
  call: ProbeCall,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RawResponse> {
  signal.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  const anyAbort = AbortSignal.any([signal, timeout]);
  try {
    const pending = client.apiRequest({
      method: call.method ?? 'GET',
      path: call.path,
      ...(call.query === undefined ? {} : { qs: { ...call.query } }),
      ...(call.body === undefined ? {} : { body: call.body }),
    });
    const response = await unlessAborted(pending, anyAbort);
    return { response, text: await readText(response, anyAbort) };
  } catch (error) {
    signal.throwIfAborted();
    throw new ConnectorError({
      kind: 'retry',
      crm: 'hubspot',
      message: timeout.aborted
        ? `HubSpot did not respond within ${timeoutMs / 1000} s (${call.what})`
        : `The connection to HubSpot broke (${[call.what, systemCode(error)].filter(Boolean).join(', ')})`,
      code: timeout.aborted ? 'TIMEOUT' : 'CONNECTION',
      cause: error,
    });
  }
}

/**
 * The operating system's code for a broken connection: `ENOTFOUND`, `ECONNRESET`, `ERR_SSL_...`.
 * fetch nests it in the cause.
 */
function systemCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return systemCode(error instanceof AggregateError ? error.errors[0] : error.cause);
}

/** A response that arrives after the abort is canceled, so that its socket is freed. */
async function unlessAborted(pending: Promise<Response>, signal: AbortSignal): Promise<Response> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => {
    reject(signal.reason);
    pending.then((late) => late.body?.cancel()).catch(() => undefined);
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([pending, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function readText(response: Response, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  const sink = new WritableStream<Uint8Array>({
    write(chunk) {
      text += decoder.decode(chunk, { stream: true });
    },
  });
  // pipeTo cancels the body when the signal is aborted; `response.text()` would wait for a stalled
  // one.
  await response.body?.pipeTo(sink, { signal });
  return text + decoder.decode();
}
