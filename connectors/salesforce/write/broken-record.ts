// The error of one record that makes a whole collection call fail.
import { ConnectorError } from '../../../src/crm/connector-error.ts';

/** Salesforce's code for the values of a record, and for a field of another type. */
const VALUES = 'JSON_PARSER_ERROR';

export function isOfValues(error: unknown): error is ConnectorError {
  return error instanceof ConnectorError && error.kind === 'configuration' && error.code === VALUES;
}

/** The error of a record that makes every call fail that contains it. */
export function brokenRecordError({ message, code = 'UNKNOWN_EXCEPTION', crm }: ConnectorError): ConnectorError {
  return new ConnectorError({
    kind: 'invalid',
    crm,
    message: `Every write that contains this record fails; the other records are written. ${message}`,
    code,
    fix: 'Open the record in Salesforce and save it: a flow or trigger of the org may fail for it. Then run "npx leadgrade errors retry".',
  });
}
