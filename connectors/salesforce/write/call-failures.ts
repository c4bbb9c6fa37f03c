// A failure of a whole collection call -> whether one of its records can be the cause.
import { ConnectorError } from '../../../src/crm/connector-error.ts';

/** Codes of an org or a gateway that is down, whatever is sent. */
const DOWN: ReadonlySet<string> = new Set([
  'HTTP_502',
  'HTTP_503',
  'HTTP_504',
  'SERVER_UNAVAILABLE',
  'CONNECTION',
  'API_CURRENTLY_DISABLED',
]);

/** Codes that Salesforce gives for the values of a record, and for a field of another type. */
const VALUES: ReadonlySet<string> = new Set(['JSON_PARSER_ERROR']);

/** Whether the call may succeed without one of its records. */
export function mayBeOneRecord(error: unknown): error is ConnectorError {
  if (!(error instanceof ConnectorError)) return false;
  const code = error.code ?? '';
  if (error.kind === 'configuration') return VALUES.has(code);
  return error.kind === 'invalid' || (error.kind === 'retry' && !DOWN.has(code));
}

/** The error of a record that makes every call fail that contains it. */
export function brokenRecordError({ message, code = 'UNKNOWN_EXCEPTION', crm }: ConnectorError): ConnectorError {
  return new ConnectorError({
    kind: 'invalid',
    crm,
    message: `Every write that contains this record fails; the other records are written. ${message}`,
    code,
    fix: 'Open the record in Salesforce and save it: a flow or trigger of the org may fail for it. Then run "leadgrade errors retry".',
  });
}
