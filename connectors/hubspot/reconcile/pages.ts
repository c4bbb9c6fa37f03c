// What the reconciliations of HubSpot's streams have in common.
import type { ReconcilePage } from '../../../src/crm/connector.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';

/** A page without items. */
export const EMPTY_PAGE: ReconcilePage = { dirty: [], activities: [], gone: [], outcomes: [], position: null };

/**
 * Whether the activities of the stream have the date of this property, so that a period of the
 * CRM's items is the same period of stored activities.
 */
export function isDatedBy(mapping: Mapping, stream: string, property: string): boolean {
  const rules = (mapping.activities ?? []).filter(({ from }) => from === stream);
  return rules.every(({ at }) => [at].flat().every((name) => name === property));
}
