// The mapped fields whose properties do not exist in the portal. HubSpot omits an unknown or archived property from
// its responses without an error.
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { UnreadableField } from '../../../src/domain/unreadable-field.ts';
import { mappedProperties } from '../../../src/mapping/project-fields.ts';
import { fieldsWithoutProperty, type HiddenProperty } from '../../kit/unreadable-fields.ts';
import type { HubSpotParts } from '../parts.ts';
import { readProperties } from './score-properties.ts';

const OBJECTS = [
  { type: 'contacts', name: 'contact' },
  { type: 'companies', name: 'company' },
];

/** A contact is read with its company. */
export async function unreadableFields(parts: HubSpotParts, signal: AbortSignal): Promise<readonly UnreadableField[]> {
  const hidden: HiddenProperty[] = [];
  for (const object of OBJECTS) hidden.push(...(await missingProperties(parts, object, signal)));
  const contacts = { object: 'contacts', sources: OBJECTS.map(({ type }) => type) };
  return fieldsWithoutProperty(parts.mapping, contacts, hidden);
}

async function missingProperties(
  { http, mapping }: HubSpotParts,
  object: (typeof OBJECTS)[number],
  signal: AbortSignal,
): Promise<readonly HiddenProperty[]> {
  const { type, name } = object;
  const mapped = mappedProperties(mapping, type);
  if (mapped.length === 0) return [];
  const existing = await readProperties(http, object, signal).catch((error: unknown) => {
    // Without the right to read definitions, nothing is known about them.
    if (error instanceof ConnectorError && error.kind === 'forbidden') return null;
    throw error;
  });
  if (existing === null) return [];
  return mapped
    .filter((property) => !existing.has(property))
    .map((property) => ({
      object: type,
      property,
      reason: `the ${name} property ${property} does not exist in HubSpot`,
      fix: `Restore the ${name} property ${property} in HubSpot, or correct it under fields in the mapping.`,
    }));
}
