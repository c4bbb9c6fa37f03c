// The text of a successful response -> validated data.
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Call } from './call.ts';
import type { UnexpectedItem } from './responses/id-and-paging.ts';

/**
 * @throws ConnectorError `retry` for invalid JSON (truncated, or a gateway's page), `invalid` for
 *   an unexpected shape
 */
export function parseResponse<T>(call: Call<T>, status: number, text: string): T {
  const parsed = call.responseSchema.safeParse(parseJson(call.what, status, text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const location = issue?.path.map(String).join('.') ?? '';
  throw unexpected(`HubSpot's response has an unexpected shape (${call.what}): ${location} ${issue?.message ?? ''}`);
}

/** The error for one item of a response; the other items of the response are used. */
export function unexpectedItem(what: string, { message }: Pick<UnexpectedItem, 'message'>): ConnectorError {
  return unexpected(`HubSpot returned an item of an unexpected shape (${what}): ${message}`);
}

function unexpected(message: string): ConnectorError {
  const fix = 'Check HUBSPOT_API_URL and HUBSPOT_API_VERSION.';
  return new ConnectorError({ kind: 'invalid', crm: 'hubspot', message, code: 'UNEXPECTED_RESPONSE', fix });
}

function parseJson(what: string, status: number, text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    // The parser's own error quotes the text, which may contain personal data.
    const message = `HubSpot's response is not valid JSON (${what}): ${status}`;
    throw new ConnectorError({ kind: 'retry', crm: 'hubspot', message, code: 'UNREADABLE' });
  }
}
