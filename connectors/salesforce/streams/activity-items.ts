// An item of Salesforce -> activities of the people whom it is about.

import type { RecordRef, SourcedActivity } from '../../../src/crm/connector.ts';
import type { Fields } from '../../../src/domain/lead.ts';
import { personRef, textOf } from '../people/person-mapping.ts';
import type { Row } from '../query/query.ts';
import type { SalesforceParts } from './stream.ts';

/** The people among these ids, each once: a task may be about an Account, and its owner is a User. */
export function peopleAmong(ids: readonly (Fields[string] | undefined)[]): readonly RecordRef[] {
  const people = ids.flatMap((id) => personRef(textOf(id) ?? '') ?? []);
  return [...new Map(people.map((ref) => [ref.id, ref])).values()];
}

export function personIn(field: string): (row: Row) => Fields[string] | undefined {
  return ({ values }) => values[field];
}

interface RawItem {
  /** Unique over all streams: `task:00T...`. */
  readonly id: string;
  readonly source: string;
  readonly properties: Fields;
  readonly people: readonly RecordRef[];
}

/** One activity for each of its people; none where no rule of the mapping fits. */
export function toActivities(
  { toActivity }: Pick<SalesforceParts, 'toActivity'>,
  { people, ...raw }: RawItem,
): readonly SourcedActivity[] {
  if (people.length === 0) return [];
  const activity = toActivity(raw);
  return activity === null ? [] : people.map((ref) => ({ ...activity, ref }));
}
