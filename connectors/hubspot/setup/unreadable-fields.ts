// The mapped fields whose properties do not exist in the portal. HubSpot omits an unknown or archived property from
// its responses without an error.
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { FieldCheck } from '../../../src/domain/unreadable-field.ts';
import { mappedProperties } from '../../../src/mapping/project-fields.ts';
import { checkMappedFields, type PropertyAnswer } from '../../kit/unreadable-fields.ts';
import type { HubSpotParts } from '../parts.ts';
import { readProperties } from './score-properties.ts';

const OBJECTS = [
  { type: 'contacts', name: 'contact' },
  { type: 'companies', name: 'company' },
];

type Answer = (property: string) => PropertyAnswer;

/** A contact is read with its company. */
export async function unreadableFields(parts: HubSpotParts, signal: AbortSignal): Promise<FieldCheck> {
  const answers = new Map<string, Answer>();
  for (const object of OBJECTS) answers.set(object.type, await describe(parts, object, signal));
  const contacts = { object: 'contacts', sources: OBJECTS.map(({ type }) => type) };
  return checkMappedFields(parts.mapping, contacts, ({ object, property }) => {
    return answers.get(object)?.(property) ?? 'undescribed';
  });
}

async function describe(
  { http, mapping }: HubSpotParts,
  object: (typeof OBJECTS)[number],
  signal: AbortSignal,
): Promise<Answer> {
  const { type, name } = object;
  if (mappedProperties(mapping, type).length === 0) return () => 'undescribed';
  const described = await readProperties(http, object, signal).catch((error: unknown) => {
    // Without the right to read definitions, nothing is known about them.
    if (error instanceof ConnectorError && error.kind === 'forbidden') return null;
    throw error;
  });
  return (property) => {
    if (described?.existing.has(property) === true) return 'there';
    if (described?.isWhole !== true) return 'undescribed';
    return {
      reason: `the ${name} property ${property} does not exist in HubSpot`,
      fix: `Restore the ${name} property ${property} in HubSpot, or correct it under fields in the mapping.`,
    };
  };
}
