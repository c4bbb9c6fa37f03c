// A 207 to a read: what does not exist is an answer, anything else is not, and must never be taken for one.
import { ConnectorError } from '../connector-error.ts';
import { withoutPersonalData } from '../without-personal-data.ts';
import { isObjectNotFound, type RowError } from './answer-error.ts';

/** @throws ConnectorError `retry` when a row of `errors` says anything but that its object (or its links) does not exist */
export function refusePartial(what: string, errors: readonly RowError[]): void {
  const failed = errors.find((error) => !isObjectNotFound(error));
  if (failed === undefined) return;
  const said = withoutPersonalData(failed.message ?? 'without a reason');
  const code = failed.subCategory ?? failed.code ?? failed.category ?? 'PARTIAL_ANSWER';
  throw new ConnectorError({
    kind: 'retry',
    crm: 'hubspot',
    message: `HubSpot could not read some ${what}: ${said}`,
    code,
  });
}
