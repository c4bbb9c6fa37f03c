// A 207 to a read: what does not exist is an answer, anything else is not, and must never be taken for one.
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { redactPersonalData } from '../../kit/redact.ts';
import { isObjectNotFound, type RowError } from './error-response.ts';

/** @throws ConnectorError `retry` when a row of `errors` says anything but that its object (or its links) does not exist */
export function throwOnPartialFailure(what: string, errors: readonly RowError[]): void {
  const failed = errors.find((error) => !isObjectNotFound(error));
  if (failed === undefined) return;
  const said = redactPersonalData(failed.message ?? 'without a reason');
  const code = failed.subCategory ?? failed.code ?? failed.category ?? 'PARTIAL_ANSWER';
  throw new ConnectorError({
    kind: 'retry',
    crm: 'hubspot',
    message: `HubSpot could not read some ${what}: ${said}`,
    code,
  });
}
