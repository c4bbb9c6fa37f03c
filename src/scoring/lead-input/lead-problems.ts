// Words the problems of a lead in JSON for the person who wrote the line. Never quotes a value, which
// may be personal data.

import type { z } from 'zod';
import { editDistance } from '../../problems/edit-distance.ts';

const KEYS: Readonly<Record<'lead' | 'activity', readonly string[]>> = {
  lead: ['id', 'fields', 'activities', 'unobserved'],
  activity: ['id', 'type', 'at', 'attributes'],
};
const INSTANT = 'Write it with seconds and an offset, as in 2026-11-01T09:30:00Z.';
const VALUE = 'must be text, a number, true, false, null, or a list of them';

/**
 * A sentence that follows the path: `activities[0].at` `is missing. ...`.
 * @param lead the value that was refused, to tell a missing key from a wrong one
 */
export function leadSentence(issue: z.core.$ZodIssue | undefined, lead: unknown): string {
  if (issue === undefined) return 'is not a lead. Write {"id": "1", "fields": {}, "activities": []}.';
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') return unknownKey(issue.keys[0] ?? '', path);
  if (issue.code === 'custom') return issue.message;
  return missingOrWrong(path, isMissing(lead, path));
}

function isMissing(lead: unknown, path: readonly PropertyKey[]): boolean {
  let value = lead;
  for (const key of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return value === undefined || value === null;
}

function missingOrWrong(path: readonly PropertyKey[], isAbsent: boolean): string {
  const key = String(path.at(-1) ?? '');
  const parents = path.slice(0, -1);
  if (parents.includes('fields') || parents.includes('attributes')) return `${VALUE}.`;
  if (parents.includes('unobserved')) return SHAPES.unobserved;
  if (parents.length === 1 && parents[0] === 'activities') return SHAPES.activity;
  const kind = isAbsent ? MISSING : WRONG;
  return new Map(Object.entries({ ...SHAPES, ...kind })).get(key) ?? SHAPES[''];
}

const TYPE = 'Name the activity type, such as page_view.';
const MISSING = {
  at: `is missing. ${INSTANT}`,
  type: `is missing. ${TYPE}`,
  id: 'is missing. Add "id": text or a number.',
} as const;
const WRONG = {
  at: `must be text. ${INSTANT}`,
  type: `must be text. ${TYPE}`,
  id: 'must be text or a number.',
} as const;

const SHAPES = {
  '': 'must be an object. Write {"id": "1", "fields": {}, "activities": []}.',
  fields: 'must be an object: names and values.',
  attributes: 'must be an object: names and values.',
  activities: 'must be a list of activities.',
  activity: 'must be an activity: {"id": "a", "type": "chat", "at": "2026-11-01T09:30:00Z"}.',
  unobserved: 'must be a list of activity types, such as ["email_open"].',
} as const;

/** No key of ours is longer; comparing a key of a megabyte would take a second. */
const MAX_KEY = 40;

function unknownKey(key: string, path: readonly PropertyKey[]): string {
  const known = path[0] === 'activities' ? KEYS.activity : KEYS.lead;
  const wanted = key.toLowerCase().slice(0, MAX_KEY);
  const near = known.toSorted((a, b) => editDistance(wanted, a) - editDistance(wanted, b))[0] ?? '';
  // A key of a CRM export can be a name that a person typed: quoted only if it looks like a key.
  const shown = `${path.length === 0 ? '' : 'has the '}unknown key${/^[\w.$-]{1,40}$/.test(key) ? ` "${key}"` : ''}`;
  const isNear = editDistance(wanted, near) <= Math.max(1, near.length / 3);
  if (isNear) return `${shown}; did you mean "${near}"?`;
  const fix =
    path[0] === 'activities'
      ? 'Write details of the activity under "attributes".'
      : 'Write values of the lead under "fields".';
  return `${shown}; the keys are ${known.join(', ')}. ${fix}`;
}
