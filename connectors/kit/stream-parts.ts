// The parts of a stream that can fail alone: conversions that all connectors have in common.
import type { FailedPart, ReadFailure, SetAsideParts } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';

export const NOTHING_SET_ASIDE: SetAsideParts = { isSkipped: () => false, due: [] };

export function toFailure({ code, kind, message, fix }: ConnectorError): ReadFailure {
  const isTemporary = kind === 'retry';
  return { code: code ?? kind, message, fix: fix ?? null, ...(isTemporary ? { isTemporary } : {}) };
}

export function failedPart(kind: string, id: string, error: ConnectorError): FailedPart {
  return { kind, id, failure: toFailure(error) };
}

/** The failure of an item whose date cannot be read. The value is left out: it can be anything. */
export function badDate(crm: string, property: string): ConnectorError {
  const message = `the date in ${property} cannot be read, or its year is not possible`;
  return new ConnectorError({ kind: 'invalid', crm, message, code: 'BAD_DATE', fix: 'Correct the date in the CRM.' });
}
