// The number of records per call that the org's flows and triggers can handle, found while writing.
import type { Clock } from '../../../src/domain/clock.ts';
import type { SalesforceParts } from '../parts.ts';

/** How long a batch stays small after a flow or trigger exceeded a limit with a larger one. */
const REMEMBER_MS = 3_600_000;

export interface BatchSizes {
  current(object: string): number;
  remember(object: string, size: number): void;
}

export type WriterParts = SalesforceParts & { readonly sizes: BatchSizes };

/** @param max the size while no smaller one is known, and again after an hour */
export function createBatchSizes(clock: Clock, max: number): BatchSizes {
  const sizes = new Map<string, { readonly size: number; readonly until: number }>();
  return {
    current: (object) => {
      const known = sizes.get(object);
      return known === undefined || known.until <= clock.now().getTime() ? max : known.size;
    },
    remember: (object, size) => void sizes.set(object, { size, until: clock.now().getTime() + REMEMBER_MS }),
  };
}
