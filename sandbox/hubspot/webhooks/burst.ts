// A burst of events, as an import causes: changes a property of many contacts, one after the other.
import { z } from 'zod';
import type { Timers } from '../../webhooks/timers.ts';
import { badRequest } from '../hubspot-error.ts';
import type { Portal } from '../portal/portal.ts';
import { checkValues, invalidValues } from '../properties/property-values.ts';
import { changeSourceOf } from '../records/change-source.ts';

export const burstSchema = z.strictObject({
  events: z.int().min(1).max(10_000_000),
  /** Changes only the first contacts, this many; absent: all. */
  contacts: z.int().min(1).optional(),
  /** Approximate rate; absent: as fast as possible. */
  perSecond: z.number().positive().optional(),
  source: z.string().min(1).default('IMPORT'),
  /** A text property of contacts. */
  property: z.string().default('phone'),
});
export type Burst = z.output<typeof burstSchema>;

/** Changes per step without a rate. Requests are handled between two steps. */
const CHANGES_PER_STEP = 500;
const STEP_MS = 20;

/**
 * Starts a burst.
 * @param burstNumber part of the written values, so that two bursts write different ones
 * @returns the number of contacts that it changes
 * @throws HubSpotError 400 if the property is not writable text
 */
export function startBurst(portal: Portal, timers: Timers, burst: Burst, burstNumber: number): number {
  const { events, contacts, perSecond, property } = burst;
  const textOf = (change: number) => `burst ${burstNumber}, ${change}`;
  const { problems } = checkValues(portal.registry('contacts'), { [property]: textOf(0) });
  if (problems.length > 0) throw invalidValues(problems);
  const { records } = portal.table('contacts').list(null, contacts ?? Number.POSITIVE_INFINITY);
  const ids = records.map(({ id }) => id);
  if (ids.length === 0) throw badRequest('a burst needs contacts: start the sandbox with a data set that has some');
  const by = changeSourceOf(burst.source);
  let changed = 0;
  let due = 0;
  const step = () => {
    due = Math.min(events, perSecond === undefined ? changed + CHANGES_PER_STEP : due + (perSecond * STEP_MS) / 1000);
    for (; changed + 1 <= due; changed++) {
      const contact = portal.table('contacts').find(ids[changed % ids.length] ?? '');
      if (contact) portal.write('contacts', contact, new Map([[property, textOf(changed)]]), by);
    }
    if (changed < events) timers.after(perSecond === undefined ? 0 : STEP_MS, step);
  };
  step();
  return ids.length;
}
