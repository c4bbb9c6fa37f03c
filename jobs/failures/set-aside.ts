// Sets things aside and clears them, with one log line for each change. A line contains code, kind
// and ID only: a CRM's message may quote personal data.

import { nameOf } from '../../src/store/set-aside/name-of.ts';
import {
  type ChangedSetAside,
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

/** Logs what a step of any CRM changed. */
export function logChanges(context: Pick<JobContext, 'log'>, { setAside: added, recovered }: ChangedSetAside): void {
  for (const [crm, things] of Map.groupBy(added, (thing) => thing.crm)) logSetAside(context, crm, things);
  for (const [crm, things] of Map.groupBy(recovered, (thing) => thing.crm)) logRecovered(context, crm, things);
}

/** One line for things of one stream, kind and code. */
function grouped(crm: string, things: readonly SetAsideThing[]) {
  const groups = Map.groupBy(things, ({ stream, kind, code }) => JSON.stringify([stream, kind, code]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { stream, kind, code } = first;
    const ids = group.map(({ id }) => id);
    const details = { crm, stream, kind, code, ids: ids.slice(0, 3), count: group.length };
    return [{ details, what: `${nameOf({ stream, kind, ids, count: group.length })} (${code})` }];
  });
}
