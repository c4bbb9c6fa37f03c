// Engagements (meetings, calls, emails, notes, tasks): their properties, and the activities of
// their contacts.

import type { ChangePage } from '../../../src/crm/connector.ts';
import type { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Fields } from '../../../src/domain/lead.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { activityProperties, isUndated, type RawActivity } from '../../../src/mapping/project-activities.ts';
import { badDate } from '../../kit/stream-parts.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import type { ReadFailures } from '../objects/batch-read.ts';
import type { HubSpotParts } from '../parts.ts';
import { contactRef } from './contact-mapping.ts';

/** The prefix of activity IDs by HubSpot's object type. */
export const ENGAGEMENTS: Readonly<Record<string, string>> = {
  meetings: 'meeting',
  calls: 'call',
  emails: 'email',
  notes: 'note',
  tasks: 'task',
};

/** Additional properties, each derived from a property of HubSpot. */
const DERIVED: Readonly<Record<string, { from: string; derive: (raw: string) => number | null }>> = {
  // HubSpot stores the duration of a call in milliseconds.
  call_seconds: {
    from: 'hs_call_duration',
    derive: (raw) => (Number.isFinite(Number(raw)) ? Math.round(Number(raw) / 1000) : null),
  },
};

/** The properties of HubSpot to read. */
export function engagementProperties(mapping: Mapping, type: string): readonly string[] {
  const names = activityProperties(mapping, type).map((name) => {
    return Object.hasOwn(DERIVED, name) ? (DERIVED[name]?.from ?? name) : name;
  });
  return [...new Set(names)];
}

function withDerived(properties: Fields): Fields {
  const derived = Object.entries(DERIVED).flatMap(([name, { from, derive }]) => {
    const raw = properties[from];
    return typeof raw === 'string' && raw !== '' ? [[name, derive(raw)] as const] : [];
  });
  return { ...properties, ...Object.fromEntries(derived) };
}

function rawEngagement(type: string, object: HubSpotObject): RawActivity {
  return { id: activityId(type, object.id), source: type, properties: withDerived(object.properties) };
}

export function activityId(type: string, id: string): string {
  return `${ENGAGEMENTS[type] ?? type}:${id}`;
}

/**
 * Returns the engagement once per contact: as an activity, or as gone when the mapping skips it
 * (for example after it was canceled). One whose date cannot be read fails.
 */
export function toContactActivities(
  { toActivity }: Pick<HubSpotParts, 'toActivity'>,
  type: string,
  items: readonly { readonly object: HubSpotObject; readonly contacts: readonly string[] }[],
): Pick<ChangePage, 'activities' | 'gone'> & { readonly undated: ReadFailures } {
  const undated = new Map<string, ConnectorError>();
  const activities: ChangePage['activities'][number][] = [];
  const gone: ChangePage['gone'][number][] = [];
  for (const { object, contacts } of items) {
    const raw = rawEngagement(type, object);
    const activity = toActivity(raw);
    if (isUndated(activity)) {
      undated.set(object.id, badDate('hubspot', activity.undated));
      continue;
    }
    for (const ref of contacts.map(contactRef)) {
      if (activity === null) gone.push({ ref, activityId: raw.id });
      else activities.push({ ...activity, ref });
    }
  }
  return { activities, gone, undated };
}
