// Two activities with the same id are one activity. The makers of a lead whose source can repeat an id remove the repeats.
import type { Activity } from './lead.ts';

/** @returns the first activity of each id, whatever its type or date, in the given order */
export function uniqueActivities<T extends Pick<Activity, 'id'>>(activities: readonly T[]): readonly T[] {
  const ids = new Set(activities.map(({ id }) => id));
  if (ids.size === activities.length) return activities;
  return activities.filter(({ id }) => ids.delete(id));
}
