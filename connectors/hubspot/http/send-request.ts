// One request through the SDK with a deadline for all of it: `apiRequest` itself takes no signal.
import type { Client } from '@hubspot/api-client';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Call } from './call.ts';

export interface RawAnswer {
  readonly response: Response;
  readonly text: string;
}

/**
 * @param timeoutMs from the request to the last byte
 * @throws ConnectorError `retry` for a reset, a failed look-up, a time-out; the signal's reason when aborted
 */
export async function sendRequest(
  client: Client,
  call: Omit<Call<unknown>, 'answer'>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RawAnswer> {
  signal.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, timeout]);
  try {
    const pending = client.apiRequest({
      method: call.method ?? 'GET',
      path: call.path,
      ...(call.query === undefined ? {} : { qs: { ...call.query } }),
      ...(call.body === undefined ? {} : { body: call.body }),
    });
    const response = await firstOf(pending, either);
    return { response, text: await readText(response, either) };
  } catch (error) {
    signal.throwIfAborted();
    throw new ConnectorError({
      kind: 'retry',
      crm: 'hubspot',
      message: timeout.aborted
        ? `HubSpot did not answer within ${timeoutMs / 1000} s (${call.what})`
        : `The connection to HubSpot broke (${[call.what, systemCode(error)].filter(Boolean).join(', ')})`,
      code: timeout.aborted ? 'TIMEOUT' : 'CONNECTION',
      cause: error,
    });
  }
}

/** Why a connection broke, in the system's word: `ENOTFOUND`, `ECONNRESET`, `ERR_SSL_...`. fetch hides it in the cause. */
function systemCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return systemCode(error instanceof AggregateError ? error.errors[0] : error.cause);
}

/** An answer that comes after the deadline is thrown away, so that its socket is free again. */
async function firstOf(pending: Promise<Response>, signal: AbortSignal): Promise<Response> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => {
    reject(signal.reason);
    pending.then((late) => late.body?.cancel()).catch(() => undefined);
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([pending, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
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
  // pipeTo cancels the body when the signal fires; `response.text()` would wait for a stalled one.
  await response.body?.pipeTo(sink, { signal });
  return text + decoder.decode();
}

/**
 * The answer of a call, checked.
 * @throws ConnectorError `retry` when it is no JSON (cut off, or a gateway's page), `invalid` when it has another shape
 */
export function readAnswer<T>(call: Call<T>, status: number, text: string): T {
  let json: unknown;
  try {
    json = text === '' ? undefined : JSON.parse(text);
  } catch {
    // The parser's own error quotes the text, which may be anybody's data.
    const message = `HubSpot's answer could not be read (${call.what}): ${status}, not JSON`;
    throw new ConnectorError({ kind: 'retry', crm: 'hubspot', message, code: 'UNREADABLE' });
  }
  const parsed = call.answer.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue?.path.map(String).join('.') ?? '';
  const message = `HubSpot's answer has another shape than expected (${call.what}): ${place} ${issue?.message ?? ''}`;
  const fix = 'Check HUBSPOT_API_URL and HUBSPOT_API_VERSION.';
  throw new ConnectorError({ kind: 'invalid', crm: 'hubspot', message, code: 'UNEXPECTED_ANSWER', fix });
}
