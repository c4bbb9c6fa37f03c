// The parts of a stream that can fail alone: conversions that all connectors have in common.
import type { FailedPart, ReadFailure, SetAsideParts } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';

export const NOTHING_SET_ASIDE: SetAsideParts = { isSkipped: () => false, due: [] };

export function toFailure(error: ConnectorError): ReadFailure {
  return { code: error.code ?? error.kind, message: error.message, fix: error.fix ?? null };
}

export function failedPart(kind: string, id: string, error: ConnectorError): FailedPart {
  return { kind, id, failure: toFailure(error) };
}

/**
 * The kinds of errors that can concern one part alone. After any other one (an outage, a refused
 * token, a used-up quota) no part can be read.
 */
const OF_ONE_PART: ReadonlySet<string> = new Set(['invalid', 'not-found', 'forbidden']);

export function isOfOnePart(error: unknown): error is ConnectorError {
  return error instanceof ConnectorError && OF_ONE_PART.has(error.kind);
}
