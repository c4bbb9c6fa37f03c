// A Salesforce item -> one activity for each person that it concerns.

import type { RecordRef, SourcedActivity } from '../../../src/crm/connector.ts';
import type { Fields } from '../../../src/domain/lead.ts';
import { isUndated } from '../../../src/mapping/project-activities.ts';
import type { SalesforceParts } from '../parts.ts';
import { personRef, textOf } from '../people/person-mapping.ts';
import type { Row } from '../query/query.ts';

/**
 * The IDs that are Leads or Contacts, without duplicates. Others are skipped: a task may concern an
 * Account or a User.
 */
export function personRefs(ids: readonly (Fields[string] | undefined)[]): readonly RecordRef[] {
  const people = ids.flatMap((id) => personRef(textOf(id) ?? '') ?? []);
  return [...new Map(people.map((ref) => [ref.id, ref])).values()];
}

export function fieldValue(field: string): (row: Row) => Fields[string] | undefined {
  return ({ values }) => values[field];
}

interface RawItem {
  /** Unique across all streams: `task:00T...`. */
  readonly id: string;
  readonly source: string;
  readonly properties: Fields;
  readonly people: readonly RecordRef[];
}

interface Projected {
  readonly activities: readonly SourcedActivity[];
  /** The field of a date that cannot be read. */
  readonly undated?: string;
}

/** One activity per person; none if no rule of the mapping matches, or if the date cannot be read. */
export function toActivities(
  { toActivity }: Pick<SalesforceParts, 'toActivity'>,
  { people, ...raw }: RawItem,
): Projected {
  if (people.length === 0) return { activities: [] };
  const activity = toActivity(raw);
  if (isUndated(activity)) return { activities: [], undated: activity.undated };
  return { activities: activity === null ? [] : people.map((ref) => ({ ...activity, ref })) };
}
