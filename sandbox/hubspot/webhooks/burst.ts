// A storm of events, as an import makes one: a property of many contacts is really changed, one after the other.
import { z } from 'zod';
import type { Timers } from '../../webhooks/timers.ts';
import { badRequest } from '../hubspot-error.ts';
import type { Portal } from '../portal.ts';
import { changeSourceOf } from '../portal-change.ts';
import { checkValues, invalidValues } from '../properties/property-values.ts';

export const burstSchema = z.strictObject({
  events: z.int().min(1).max(10_000_000),
  /** Spread over so many contacts, the first ones; absent: all. */
  contacts: z.int().min(1).optional(),
  /** About; absent: as fast as it goes. */
  perSecond: z.number().positive().optional(),
  source: z.string().min(1).default('IMPORT'),
  /** A text of contacts. */
  property: z.string().default('phone'),
});
export type Burst = z.output<typeof burstSchema>;

/** Changes made between two looks at everything else that there is to do. */
const SLICE = 500;
const TICK_MS = 20;

/**
 * Begins a storm. @throws HubSpotError 400 when the property takes no text of ours
 * @param number of this storm: no two write the same values
 * @returns over how many contacts it goes
 */
export function startBurst(portal: Portal, timers: Timers, burst: Burst, number: number): number {
  const { events, contacts, perSecond, property } = burst;
  const textOf = (change: number) => `storm ${number}, ${change}`;
  const { problems } = checkValues(portal.registry('contacts'), { [property]: textOf(0) });
  if (problems.length > 0) throw invalidValues(problems);
  const { records } = portal.table('contacts').list(null, contacts ?? Number.POSITIVE_INFINITY);
  const ids = records.map(({ id }) => id);
  if (ids.length === 0) throw badRequest('this sandbox has no contacts for a storm: start it with some');
  const by = changeSourceOf(burst.source);
  let made = 0;
  let due = 0;
  const go = () => {
    due = Math.min(events, perSecond === undefined ? made + SLICE : due + (perSecond * TICK_MS) / 1000);
    for (; made + 1 <= due; made++) {
      const contact = portal.table('contacts').find(ids[made % ids.length] ?? '');
      if (contact) portal.write('contacts', contact, new Map([[property, textOf(made)]]), by);
    }
    if (made < events) timers.after(perSecond === undefined ? 0 : TICK_MS, go);
  };
  go();
  return ids.length;
}
