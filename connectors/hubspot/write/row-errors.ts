// The errors of single rows of a batch update, and errors that concern the portal instead of a row.
import type { WriteResult } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { ownPropertiesIn, redactPersonalData, safeCode } from '../../kit/redact.ts';
import { contactRef } from '../contacts/contact-mapping.ts';
import {
  type ErrorBody,
  failedIds,
  HubSpotHttpError,
  isObjectNotFound,
  type RowError,
} from '../http/error-response.ts';
import { refusedProperties } from './refused-properties.ts';

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
  return refusal(error, error.message ?? '');
}

/** The error of a contact that HubSpot refuses. */
function refusal(body: ErrorBody | RowError, said: string, cause?: unknown): ConnectorError {
  const refused = refusedProperties('errors' in body ? body : { ...body, errors: [body] });
  const property = refused.find(({ name }) => name !== null);
  const rule = property === undefined ? 'rules for contact properties' : `rule for the property "${property.name}"`;
  const given = safeCode(property?.code) ?? safeCode(body.subCategory) ?? safeCode(body.category);
  const code = given ?? 'REFUSED';
  return new ConnectorError({
    kind: 'invalid',
    crm: 'hubspot',
    message: `HubSpot refused the scores of a contact: ${code}${ownPropertiesIn(said)}`,
    reason: redactPersonalData(said) || 'no reason given',
    code,
    fix: `Correct the contact, or the portal's ${rule}, in HubSpot. Leadgrade writes the score again the next night.`,
    cause,
  });
}

/**
 * The error of a contact that was sent alone, while others are written. HubSpot failing for it
 * (500, a time-out) is as lasting as a refusal.
 */
export function singleRowFailure(error: ConnectorError): ConnectorError {
  const { kind, code, cause } = error;
  if (kind === 'invalid' && cause instanceof HubSpotHttpError) {
    return refusal(cause.body, cause.body.message ?? '', cause);
  }
  if (kind !== 'retry') return error;
  return new ConnectorError({
    kind: 'invalid',
    crm: 'hubspot',
    message: `${error.message}; other contacts are written`,
    ...(code === undefined ? {} : { code }),
    fix: 'Open the contact in HubSpot. If it can be edited there, report the failure to the support of HubSpot. Leadgrade writes the score again the next night.',
    cause,
  });
}

// HubSpot's codes for a defect of one of our properties: every row fails until setup has mended it.
const CONFIGURATION_CODES: ReadonlySet<string> = new Set([
  'PROPERTY_DOESNT_EXIST',
  'INVALID_OPTION',
  'READ_ONLY_VALUE',
  // The property has another type than ours.
  'INVALID_LONG',
  'INVALID_INTEGER',
  'INVALID_DOUBLE',
  'INVALID_DATE',
]);

/**
 * A refusal that names another property is about one contact: the portal's own validation rules
 * apply to every write
 * (https://developers.hubspot.com/changelog/crm-api-write-validation-enforcement).
 * @param written the names of our properties
 * @throws ConnectorError `configuration` when one of them is missing or unsuitable
 */
export function throwIfConfiguration(body: ErrorBody, error: ConnectorError, written: ReadonlySet<string>): void {
  const found = refusedProperties(body).find(({ code, name }) => {
    if (name === null) return code === 'PROPERTY_DOESNT_EXIST';
    return CONFIGURATION_CODES.has(code) && written.has(name);
  });
  if (found === undefined) return;
  throw new ConnectorError({
    kind: 'configuration',
    crm: 'hubspot',
    message: `HubSpot cannot store the scores: ${found.code}${ownPropertiesIn(found.name ?? '')}`,
    ...(error.reason === undefined ? {} : { reason: error.reason }),
    code: found.code,
    fix: 'Run npx leadgrade setup: it creates missing properties and adds missing options.',
    cause: error,
  });
}
