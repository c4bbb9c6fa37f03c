// How soon an event is worth reading: by what it is about, and by who or what made the change.
import { PRIORITY, type Priority } from '../../../src/domain/priority.ts';
import { ENGAGEMENTS } from '../contacts/engagements.ts';
import type { HubSpotEvent } from './event-schema.ts';

// By the thousand at a time, whatever they are about.
const BULK: ReadonlySet<string> = new Set(['IMPORT', 'BATCH_UPDATE', 'CRM_UI_BULK_ACTION', 'MIGRATION']);

// Machines that keep records up to date. An engagement that one of them brings in (a calendar, another CRM) has just happened.
const MACHINES: ReadonlySet<string> = new Set([
  ...['PORTAL_OBJECT_SYNC', 'INTEGRATIONS_SYNC', 'SALESFORCE', 'DATA_ENRICHMENT'],
  ...['AUTOMATION_PLATFORM', 'WORKFLOWS', 'CALCULATED'],
]);

/** @param type what it is about, by the name of its stream */
export function priorityOf({ changeSource }: Pick<HubSpotEvent, 'changeSource'>, type: string): Priority {
  const source = (changeSource ?? '').toUpperCase();
  if (BULK.has(source)) return PRIORITY.import;
  if (Object.hasOwn(ENGAGEMENTS, type)) return PRIORITY.activity;
  return MACHINES.has(source) ? PRIORITY.import : PRIORITY.change;
}
