// The text of a successful response -> validated data.
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Call } from './call.ts';

/**
 * @throws ConnectorError `retry` for invalid JSON (truncated, or a gateway's page), `invalid` for
 * an unexpected shape
 */
export function parseResponse<T>(call: Call<T>, text: string): T {
  const parsed = call.responseSchema.safeParse(call.isCsv === true ? text : parseJson(call.what, text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const location = issue?.path.map(String).join('.') ?? '';
  const message = `Salesforce's response has an unexpected shape (${call.what}): ${location} ${issue?.message ?? ''}`;
  const fix = 'Check SALESFORCE_LOGIN_URL and SALESFORCE_API_VERSION.';
  throw new ConnectorError({ kind: 'invalid', crm: 'salesforce', message, code: 'UNEXPECTED_RESPONSE', fix });
}

function parseJson(what: string, text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    // The parser's own error quotes the text, which may contain personal data.
    const message = `Salesforce's response is not valid JSON (${what})`;
    throw new ConnectorError({ kind: 'retry', crm: 'salesforce', message, code: 'UNREADABLE' });
  }
}
