// Finds what a misspelled name probably means.

import { editDistance } from './edit-distance.ts';

/** Names of other tools, and signs, for what the files call otherwise. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  '=': ['is'],
  '==': ['is'],
  '>': ['gt'],
  '>=': ['gte'],
  '<': ['lt'],
  '<=': ['lte'],
  '!=': ['not'],
  eq: ['is'],
  equals: ['is'],
  equal: ['is'],
  equal_to: ['is'],
  value: ['is'],
  in: ['one_of'],
  any_of: ['one_of'],
  is_any_of: ['one_of'],
  values: ['one_of'],
  includes: ['contains'],
  like: ['contains'],
  begins_with: ['starts_with'],
  prefix: ['starts_with'],
  words: ['has_word'],
  word: ['has_word'],
  regex: ['matches'],
  regexp: ['matches'],
  pattern: ['matches'],
  greater_than: ['gt'],
  more_than: ['gt'],
  at_least: ['gte'],
  min: ['gte', 'at_least'],
  less_than: ['lt'],
  at_most: ['lte'],
  max: ['lte', 'max_count'],
  exists: ['present'],
  known: ['present'],
  neq: ['not'],
  and: ['all'],
  or: ['any'],
  property: ['field', 'from'],
  column: ['from', 'field'],
  source: ['from'],
  kind: ['type', 'as'],
  format: ['as', 'date_format'],
  score: ['points'],
  weight: ['points'],
  value_points: ['points'],
  threshold: ['at_least'],
  min_score: ['at_least'],
  minimum: ['at_least'],
  from_points: ['at_least'],
  name: ['label', 'id'],
  title: ['label'],
  key: ['id'],
  event: ['activity', 'type'],
  type: ['activity'],
  if: ['when'],
  condition: ['when'],
  conditions: ['when'],
  filter: ['where'],
  rules: ['cases', 'criteria', 'signals'],
  statuses: ['bands'],
  stages: ['bands'],
  levels: ['bands', 'behavior_levels'],
  limit: ['max_count', 'max'],
  times: ['max_count', 'count'],
  decay_days: ['half_life'],
  halflife: ['half_life'],
  period: ['window'],
  days: ['window', 'for'],
  separator: ['delimiter'],
  charset: ['encoding'],
  empty: ['unknown'],
  // Values of `as`, delimiter, decimal and encoding.
  date: ['instant', 'date_format'],
  datetime: ['instant'],
  timestamp: ['instant'],
  int: ['number'],
  integer: ['number'],
  float: ['number'],
  double: ['number'],
  currency: ['number'],
  bool: ['boolean'],
  checkbox: ['boolean'],
  string: ['text'],
  enum: ['text'],
  picklist: ['text'],
  array: ['list'],
  multiselect: ['list'],
  ',': ['comma'],
  ';': ['semicolon'],
  '\t': ['tab'],
  '|': ['pipe'],
  '.': ['point'],
  latin1: ['windows-1252'],
  'iso-8859-1': ['windows-1252'],
  cp1252: ['windows-1252'],
  ansi: ['windows-1252'],
  'utf-16': ['utf-16le'],
  utf16: ['utf-16le'],
};

/** The known name that was probably meant, or null. */
export function closest(name: string, known: readonly string[]): string | null {
  const wanted = plain(name);
  const key = name.toLowerCase();
  const others = Object.hasOwn(OTHER_NAMES, key) ? (OTHER_NAMES[key] ?? []) : [];
  const other = others.find((each) => known.includes(each));
  if (other !== undefined) return other;
  const start = known.find((each) => Math.min(each.length, wanted.length) > 3 && isStart(wanted, plain(each)));
  if (start !== undefined) return start;
  const most = Math.min(3, Math.floor(wanted.length / 3));
  let best: { name: string; distance: number } | null = null;
  for (const each of known) {
    const other = plain(each);
    if (Math.abs(other.length - wanted.length) > most) continue;
    const distance = editDistance(wanted, other);
    if (distance <= most && (best === null || distance < best.distance)) best = { name: each, distance };
  }
  return best?.name ?? null;
}

function isStart(a: string, b: string): boolean {
  return a !== b && (a.startsWith(b) || b.startsWith(a));
}

function plain(name: string): string {
  return name
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[\s_-]/gu, '')
    .slice(0, 100);
}
