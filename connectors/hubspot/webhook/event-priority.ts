// How urgent an event is: by its subject, and by the source of the change.
import { PRIORITY, type Priority } from '../../../src/domain/priority.ts';
import { ENGAGEMENTS } from '../contacts/engagements.ts';
import type { HubSpotEvent } from './event-schema.ts';

// Sources that change thousands of records at once, whatever the subject.
const BULK: ReadonlySet<string> = new Set(['IMPORT', 'BATCH_UPDATE', 'CRM_UI_BULK_ACTION', 'MIGRATION']);

// Automatic processes that keep records up to date. An engagement from one of them (a calendar,
// another CRM) has just happened.
const AUTOMATIC: ReadonlySet<string> = new Set([
  ...['PORTAL_OBJECT_SYNC', 'INTEGRATIONS_SYNC', 'SALESFORCE', 'DATA_ENRICHMENT'],
  ...['AUTOMATION_PLATFORM', 'WORKFLOWS', 'CALCULATED'],
]);

/** @param type the subject, by the ID of its stream */
export function priorityOf({ changeSource }: Pick<HubSpotEvent, 'changeSource'>, type: string): Priority {
  const source = (changeSource ?? '').toUpperCase();
  if (BULK.has(source)) return PRIORITY.import;
  if (Object.hasOwn(ENGAGEMENTS, type)) return PRIORITY.activity;
  return AUTOMATIC.has(source) ? PRIORITY.import : PRIORITY.change;
}
