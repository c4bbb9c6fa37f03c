// Parts that many responses have in common.
import { z } from 'zod';

/** IDs are strings on dated paths and numbers on some older ones. */
export const id = z.union([z.string(), z.number()]).transform(String);

/** The start of the next page; null = this is the last page. */
export const paging = z
  .looseObject({ next: z.looseObject({ after: z.union([z.string(), z.number()]).transform(String) }).nullish() })
  .nullish()
  .transform((value) => value?.next?.after ?? null);
