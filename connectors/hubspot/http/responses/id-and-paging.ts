// Parts that many responses have in common.
import { z } from 'zod';

/** IDs are strings on dated paths and numbers on some older ones. */
export const id = z.union([z.string(), z.number()]).transform(String);

/**
 * A page token, decoded once: HubSpot returns some percent-encoded (`MQ%3D%3D`), as they stand in
 * its own `link`. Sent as they are, they would be encoded twice
 * (https://github.com/HubSpot/hubspot-api-nodejs/issues/480).
 */
export const pageToken = z.union([z.string(), z.number()]).transform((token) => decodeOnce(String(token)));

/** The start of the next page; null = this is the last page. */
export const paging = z
  .looseObject({ next: z.looseObject({ after: pageToken }).nullish() })
  .nullish()
  .transform((value) => value?.next?.after ?? null);

function decodeOnce(token: string): string {
  if (!/%[0-9a-f]{2}/i.test(token)) return token;
  try {
    return decodeURIComponent(token);
  } catch {
    // Not percent-encoded UTF-8: the token contains such characters by chance.
    return token;
  }
}

/** An item of a response that does not have the expected shape. */
export interface UnexpectedItem {
  /** Its ID, if it has one. */
  readonly id: string | null;
  /** Its date (epoch ms), if it has a readable one. */
  readonly at: number | null;
  /** What is wrong with it, without its values. */
  readonly message: string;
}

/** The items of a page. Each is parsed alone, so that one unexpected item costs no other. */
export interface Items<T> {
  readonly valid: readonly T[];
  readonly unexpected: readonly UnexpectedItem[];
}

const millis = z.number().optional().catch(undefined);

const identified = z.looseObject({
  id: id.optional().catch(undefined),
  conversionId: id.optional().catch(undefined),
  listId: id.optional().catch(undefined),
  recordId: id.optional().catch(undefined),
  objectId: id.optional().catch(undefined),
  from: z.looseObject({ id }).optional().catch(undefined),
  submittedAt: millis,
  created: millis,
  occurredAt: z.string().transform(Date.parse).optional().catch(undefined),
});

export function items<T>(schema: z.ZodType<T>) {
  return z.array(z.unknown()).transform((raw): Items<T> => {
    const valid: T[] = [];
    const unexpected: UnexpectedItem[] = [];
    for (const item of raw) {
      const parsed = schema.safeParse(item);
      if (parsed.success) valid.push(parsed.data);
      else unexpected.push({ ...identify(item), message: describe(parsed.error) });
    }
    return { valid, unexpected };
  });
}

function identify(item: unknown): Pick<UnexpectedItem, 'id' | 'at'> {
  const { data } = identified.safeParse(item);
  const at = data?.submittedAt ?? data?.created ?? data?.occurredAt ?? null;
  return {
    id: data?.id ?? data?.from?.id ?? data?.conversionId ?? data?.listId ?? data?.recordId ?? data?.objectId ?? null,
    at: Number.isFinite(at) ? at : null,
  };
}

function describe(error: z.ZodError): string {
  const issue = error.issues[0];
  return [issue?.path.map(String).join('.'), issue?.message].filter(Boolean).join(': ');
}
