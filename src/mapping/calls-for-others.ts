// The share of a CRM's daily API calls that Leadgrade leaves to other apps.
import { z } from 'zod';

const PERCENT = /^(\d+(?:\.\d+)?)%$/;
const MAX_PERCENT = 95;
const FORM = `must be a percentage from 0% to ${MAX_PERCENT}%: for example 10%`;

export const callsForOthers = z
  .string(FORM)
  .refine((text) => Number(PERCENT.exec(text)?.[1] ?? Number.NaN) <= MAX_PERCENT, FORM)
  .meta({ pattern: PERCENT.source });

/**
 * The share of the calls, by all apps, at which Leadgrade stops; 0.05 to 1.
 * @param usual what is left to others if the mapping does not say: `10%`
 */
export function usableCallShare(
  { calls_for_others: given }: { readonly calls_for_others?: string | undefined },
  usual: string,
): number {
  return 1 - Number((given ?? usual).slice(0, -1)) / 100;
}
