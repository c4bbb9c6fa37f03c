// Sets things aside and clears them, with one log line for each change. A line contains code, kind
// and ID only: a CRM's message may quote personal data.
import {
  clearSetAside,
  type NewSetAside,
  type OwnKind,
  type SetAsideKey,
  type SetAsideThing,
  saveSetAside,
} from '../../src/store/set-aside/set-aside.ts';
import type { JobContext } from '../context.ts';
import type { PartFailure } from './classify.ts';

export interface OwnThing {
  readonly stream: string;
  readonly kind: OwnKind;
  /** Empty: all of it. */
  readonly id?: string;
}

/** Sets something aside after a failure. */
export async function setAside(
  context: JobContext,
  crm: string,
  things: readonly OwnThing[],
  { failure, isTemporary }: Pick<PartFailure, 'failure' | 'isTemporary'>,
  delayMs?: number,
): Promise<void> {
  const rows = things.map(({ stream, kind, id = '' }): NewSetAside => {
    return { stream, kind, id, failure, isTemporary, ...(delayMs === undefined ? {} : { delayMs }) };
  });
  logSetAside(context, crm, await saveSetAside(context.db, crm, rows, context.clock.now()));
}

/** Clears what was set aside, as it was read or written now. */
export async function setAsideRecovered(context: JobContext, crm: string, things: readonly OwnThing[]): Promise<void> {
  const keys = things.map(({ stream, kind, id = '' }): SetAsideKey => ({ stream, kind, id }));
  logRecovered(context, crm, await clearSetAside(context.db, crm, keys));
}

/** @param things those that were not set aside before */
export function logSetAside({ log }: Pick<JobContext, 'log'>, crm: string, things: readonly SetAsideThing[]): void {
  for (const { details, what } of grouped(crm, things)) log.warn(details, `${crm}: set aside: ${what}`);
}

export function logRecovered({ log }: Pick<JobContext, 'log'>, crm: string, things: readonly SetAsideThing[]): void {
  for (const { details, what } of grouped(crm, things)) log.info(details, `${crm}: no longer set aside: ${what}`);
}

const NAMED_IDS = 3;

/** One line for things of one stream, kind and code. */
function grouped(crm: string, things: readonly SetAsideThing[]) {
  const groups = Map.groupBy(things, ({ stream, kind, code }) => JSON.stringify([stream, kind, code]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { stream, kind, code } = first;
    const ids = group.map(({ id }) => id);
    const details = { crm, stream, kind, code, ids: ids.slice(0, NAMED_IDS), count: group.length };
    return [{ details, what: `${nameOf({ stream, kind, ids, count: group.length })} (${code})` }];
  });
}

interface Named {
  readonly stream: string;
  readonly kind: string;
  readonly ids: readonly string[];
  readonly count: number;
}

const WHOLE: Readonly<Record<string, (stream: string) => string>> = {
  stream: (stream) => `the stream ${stream}`,
  records: (object) => `reading ${object}`,
  counters: (object) => `the counters of ${object}`,
  links: (object) => `the links of ${object}`,
  write: (object) => `writing ${object}`,
  'bulk-write': (object) => `the bulk write of ${object}`,
  check: (call) => `the check of ${call}`,
};

const ONE: Readonly<Record<string, (stream: string) => string>> = {
  record: (object) => `record of ${object}`,
  counters: (object) => `the counters of a record of ${object}`,
  links: (object) => `the links of a record of ${object}`,
  'named-item': (stream) => `item of ${stream}`,
};

/** `form 12 of form_submissions`, `the stream tasks`, `3 records of Lead (1, 2, 3)`. */
export function nameOf({ stream, kind, ids, count }: Named): string {
  const [first = ''] = ids;
  if (first === '') return (WHOLE[kind] ?? ((name) => name))(stream);
  const what = ONE[kind]?.(stream) ?? `${kind} of ${stream}`;
  if (count === 1) return `${what}: ${first}`;
  const named = ids.slice(0, NAMED_IDS).join(', ');
  return `${count} times ${what}: ${named}${count > NAMED_IDS ? ', ...' : ''}`;
}
