// The errors of single rows of a batch update, and errors that concern the portal instead of a row.
import type { WriteResult } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { redactPersonalData } from '../../kit/redact.ts';
import { contactRef } from '../contacts/contact-mapping.ts';
import { type ErrorBody, failedIds, isObjectNotFound, type RowError } from '../http/error-response.ts';

/** One input of a batch update. */
export interface Row {
  readonly id: string;
  readonly properties: Readonly<Record<string, string>>;
}

/** The errors that name a row by its ID. */
export function rowErrorsById(rows: readonly Row[], errors: readonly RowError[]): ReadonlyMap<string, RowError> {
  const ids = new Set(rows.map((row) => row.id));
  const byId = new Map<string, RowError>();
  for (const error of errors) {
    for (const id of failedIds(error)) {
      if (ids.has(id)) byId.set(id, error);
    }
  }
  return byId;
}

export function resultOfError(id: string, error: RowError): WriteResult {
  return isObjectNotFound(error) ? gone(id) : failed(id, rowFailure(error));
}

export function gone(id: string): WriteResult {
  return { kind: 'gone', ref: contactRef(id) };
}

export function failed(id: string, error: ConnectorError): WriteResult {
  return { kind: 'failed', ref: contactRef(id), error };
}

export function rowFailure(error: RowError): ConnectorError {
  return new ConnectorError({
    kind: 'invalid',
    crm: 'hubspot',
    message: `HubSpot refused the scores of a contact: ${redactPersonalData(error.message ?? 'no reason given')}`,
    code: error.subCategory ?? error.code ?? error.category ?? 'REFUSED',
    fix: "Check the portal's rules for contact properties.",
  });
}

// HubSpot's codes for a defect of the portal, not of the contact: every row fails until the portal
// is changed.
const CONFIGURATION_CODES = [
  'PROPERTY_DOESNT_EXIST',
  'INVALID_OPTION',
  'READ_ONLY_VALUE',
  // The property has another type than ours.
  'INVALID_LONG',
  'INVALID_INTEGER',
  'INVALID_DOUBLE',
  'INVALID_DATE',
] as const;

export function throwIfConfiguration(body: ErrorBody, error: ConnectorError): void {
  const texts = [
    body.message,
    body.category,
    body.subCategory,
    ...(body.errors ?? []).flatMap((row) => [row.message, row.code, row.category, row.subCategory]),
    ...(body.validationResults ?? []).map((result) => result.error),
  ];
  const code = CONFIGURATION_CODES.find((candidate) => texts.some((text) => text?.includes(candidate)));
  if (code === undefined) return;
  throw new ConnectorError({
    kind: 'configuration',
    crm: 'hubspot',
    message: error.message,
    code,
    fix: 'Run npx leadgrade setup: it creates missing properties and adds missing options.',
    cause: error,
  });
}
