// What the nightly purge has done so far.

export type PurgeRule = 'results' | 'status-results' | 'replaced-results';

/** How far each rule of the purge of results has come. */
export interface PurgePositionsTable {
  rule: PurgeRule;
  /** The last `results.id` that it has looked at. */
  position: number;
}
