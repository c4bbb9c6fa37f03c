// Whether a failed call may succeed for fewer records, or for a shorter period.
import { ConnectorError } from '../../../src/crm/connector-error.ts';

/** Codes of an org or a gateway that is down, whatever is asked. */
const DOWN: ReadonlySet<string> = new Set([
  'HTTP_502',
  'HTTP_503',
  'HTTP_504',
  'SERVER_UNAVAILABLE',
  'CONNECTION',
  'API_CURRENTLY_DISABLED',
]);

/** Codes that are equal for every record: the fields and the syntax of the call. */
const OF_CALL: ReadonlySet<string> = new Set(['INVALID_FIELD', 'CURSOR']);

/** Whether one record, or the number of records, can be the cause. */
export function mayBeSmaller(error: unknown): error is ConnectorError {
  if (!(error instanceof ConnectorError)) return false;
  const code = error.code ?? '';
  return (error.kind === 'invalid' && !OF_CALL.has(code)) || (error.kind === 'retry' && !DOWN.has(code));
}
