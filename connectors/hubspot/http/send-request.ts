// One request of the SDK, with one deadline for the whole request.
//
// The SDK builds the request: address, token, headers, body. Its `apiRequest` would send it by a
// fetch that takes no signal, so that a silent server would keep its socket and the process for
// five minutes, and that follows redirects to any server.
import { Request } from '@hubspot/api-client/lib/src/services/http/Request.js';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { ProbeCall } from './call.ts';

export interface RawResponse {
  readonly response: Response;
  readonly text: string;
}

export interface Credentials {
  readonly accessToken: string;
  /** The address of the API, without a slash at its end. */
  readonly basePath: string;
}

/**
 * @param timeoutMs from the request to the last byte of the response
 * @throws ConnectorError `retry` for a reset connection, a failed DNS lookup or a time-out,
 *   `configuration` for a redirect; the signal's reason when aborted. In each case the socket is
 *   closed at once.
 */
export async function sendRequest(
  credentials: Credentials,
  call: ProbeCall,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RawResponse> {
  signal.throwIfAborted();
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), timeoutMs);
  try {
    const response = await toRequest(credentials, call).send(AbortSignal.any([signal, timeout.signal]));
    const text = await response.text();
    if (response.status >= 300 && response.status < 400) throw redirectError(call, response, credentials);
    return { response, text };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ConnectorError) throw error;
    throw new ConnectorError({
      kind: 'retry',
      crm: 'hubspot',
      message: timeout.signal.aborted
        ? `HubSpot did not respond within ${timeoutMs / 1000} s (${call.what})`
        : `The connection to HubSpot broke (${[call.what, systemCode(error)].filter(Boolean).join(', ')})`,
      code: timeout.signal.aborted ? 'TIMEOUT' : 'CONNECTION',
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** The SDK's request, sent by a fetch that can be aborted. */
class AbortableRequest extends Request {
  send(signal: AbortSignal): Promise<Response> {
    return fetch(this.url, {
      method: this.method,
      headers: this.headers,
      ...(typeof this.body === 'string' ? { body: this.body } : {}),
      // A redirect must not carry the token to another server.
      redirect: 'manual',
      signal,
    });
  }
}

function toRequest(credentials: Credentials, call: ProbeCall): AbortableRequest {
  return new AbortableRequest(credentials, {
    method: call.method ?? 'GET',
    path: call.path,
    ...(call.query === undefined ? {} : { qs: { ...call.query } }),
    ...(call.body === undefined ? {} : { body: call.body }),
  });
}

function redirectError({ what }: ProbeCall, { status, headers }: Response, { basePath }: Credentials): ConnectorError {
  const target = URL.parse(headers.get('location') ?? '', basePath)?.host ?? 'another address';
  return new ConnectorError({
    kind: 'configuration',
    crm: 'hubspot',
    message: `The server redirects ${what} to ${target} (${status}), which is not followed: it would receive the token`,
    code: `HTTP_${status}`,
    fix: 'Set HUBSPOT_API_URL to the address of the API itself: https://api.hubapi.com.',
  });
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
