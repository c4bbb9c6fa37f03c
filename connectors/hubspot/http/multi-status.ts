// A 207 in response to a read: "does not exist" is a result for one object. Any other error is not,
// and must never be mistaken for one.
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { redactPersonalData, safeCode } from '../../kit/redact.ts';
import { isObjectNotFound, type RowError } from './error-response.ts';

/**
 * @throws ConnectorError `retry` for any row of `errors` but one that reports a nonexistent object
 *   (or its links)
 */
export function throwOnPartialFailure(what: string, errors: readonly RowError[]): void {
  const failed = errors.find((error) => !isObjectNotFound(error));
  if (failed === undefined) return;
  const given = safeCode(failed.subCategory) ?? safeCode(failed.code) ?? safeCode(failed.category);
  const code = given ?? 'PARTIAL_RESPONSE';
  throw new ConnectorError({
    kind: 'retry',
    crm: 'hubspot',
    message: `HubSpot could not read some ${what}: ${code}`,
    reason: redactPersonalData(failed.message ?? 'no reason given'),
    code,
  });
}
