// The fault script: which requests go wrong, and how. Requests of the control API are never touched.
import { z } from 'zod';

const actionSchema = z.strictObject({
  /** Answer with this status in place of handling the request. */
  status: z.int().min(200).max(599).optional(),
  /** JSON, or text as it is. */
  body: z.unknown().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Wait before anything else. */
  delayMs: z.number().min(0).optional(),
  /** Send the body in small pieces, this many milliseconds apart (`true`: 50). */
  drip: z.union([z.boolean(), z.number().positive()]).optional(),
  /** Reset the connection without handling the request. */
  reset: z.literal(true).optional(),
  /** Send the headers, then nothing. */
  hangAfterHeaders: z.literal(true).optional(),
  /** Handle the request, then never answer. */
  applyThenHang: z.literal(true).optional(),
  /** Handle the request, then reset the connection. */
  applyThenReset: z.literal(true).optional(),
});

const ruleSchema = z.strictObject({
  match: z
    .strictObject({
      method: z.string().toUpperCase().optional(),
      /** A regular expression that must be found in the path with its query. */
      path: z
        .string()
        .refine((text) => isPattern(text), 'is not a regular expression')
        .optional(),
      /** The first matching request that goes wrong, from 1. */
      nth: z.int().min(1).optional(),
      /** How many go wrong from there; absent: one when `nth` is given, else all. */
      times: z.int().min(1).optional(),
    })
    .default({}),
  action: actionSchema,
});

export const faultScriptSchema = z.array(ruleSchema);
export type FaultRule = z.infer<typeof ruleSchema>;
export type FaultAction = z.infer<typeof actionSchema>;

export class FaultScript {
  #rules: { rule: FaultRule; pattern: RegExp; seen: number }[] = [];

  constructor(rules: readonly FaultRule[]) {
    this.replace(rules);
  }

  /** Counting begins anew. */
  replace(rules: readonly FaultRule[]): void {
    this.#rules = rules.map((rule) => ({ rule, pattern: new RegExp(rule.match.path ?? ''), seen: 0 }));
  }

  /** What goes wrong with this request: the first rule that is due. Every rule that matches counts it. */
  next(method: string, pathAndQuery: string): FaultAction | null {
    let due: FaultAction | null = null;
    for (const each of this.#rules) {
      const { method: wanted, nth = 1, times } = each.rule.match;
      if (wanted !== undefined && wanted !== method) continue;
      if (!each.pattern.test(pathAndQuery)) continue;
      each.seen += 1;
      const last =
        times === undefined && each.rule.match.nth === undefined ? Number.POSITIVE_INFINITY : nth + (times ?? 1) - 1;
      if (each.seen >= nth && each.seen <= last) due ??= each.rule.action;
    }
    return due;
  }
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
