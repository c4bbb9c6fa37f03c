// What the nightly purge has done so far.
import type { Instant } from './column-types.ts';

export type PurgeRule = 'results' | 'status-results' | 'replaced-results' | 'leads';

/** How far each rule of the purge has come. */
export interface PurgePositionsTable {
  rule: PurgeRule;
  /** The last `results.id` that it has looked at; rule `leads`: the last `leads.id`. */
  position: number;
}

/** From when on the activities of a stream are kept. Without a row all of them are. */
export interface ActivityBoundsTable {
  crm: string;
  stream: string;
  type: string;
  /** Earlier ones are deleted, but for the latest of them of each record. They are not saved again. */
  kept_from: Instant;
}
