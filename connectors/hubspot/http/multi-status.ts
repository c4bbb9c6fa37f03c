// A 207 in response to a read: "does not exist" is a result for one object. Any other error is not,
// and must never be mistaken for one.
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { redactPersonalData, safeCode } from '../../kit/redact.ts';
import { failedIds, HubSpotHttpError, isObjectNotFound, type RowError } from './error-response.ts';

/**
 * The objects (or their links) that HubSpot could not read, other than because they do not exist,
 * by ID.
 * @throws ConnectorError `retry` when an error names no object
 */
export function failuresById(what: string, errors: readonly RowError[]): ReadonlyMap<string, ConnectorError> {
  const failures = new Map<string, ConnectorError>();
  for (const row of errors.filter((each) => !isObjectNotFound(each))) {
    const error = rowError(what, row);
    const ids = failedIds(row);
    if (ids.length === 0) throw error;
    for (const id of ids) failures.set(id, error);
  }
  return failures;
}

function rowError(what: string, row: RowError): ConnectorError {
  const code = safeCode(row.subCategory) ?? safeCode(row.code) ?? safeCode(row.category) ?? 'PARTIAL_RESPONSE';
  return new ConnectorError({
    kind: 'retry',
    crm: 'hubspot',
    message: `HubSpot could not read some ${what}: ${code}`,
    reason: redactPersonalData(row.message ?? 'no reason given'),
    code,
    cause: new HubSpotHttpError(207, {}),
  });
}
