// The fault script: which requests fail, and how. Requests to the control API never fail.
import { z } from 'zod';

const actionSchema = z.strictObject({
  /** Send this status; the endpoint does not run. */
  status: z.int().min(200).max(599).optional(),
  /** Text is sent unchanged, anything else as JSON. */
  body: z.unknown().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Wait first. */
  delayMs: z.number().min(0).optional(),
  /** Send the body in pieces of 16 bytes, this many milliseconds apart (`true`: 50). */
  drip: z.union([z.boolean(), z.number().positive()]).optional(),
  /** Reset the connection; the endpoint does not run. */
  reset: z.literal(true).optional(),
  /** Send the headers, then nothing. */
  hangAfterHeaders: z.literal(true).optional(),
  /** Run the endpoint, then never respond. */
  applyThenHang: z.literal(true).optional(),
  /** Run the endpoint, then reset the connection. */
  applyThenReset: z.literal(true).optional(),
  /** HubSpot: each page of the response names itself as the next one. */
  repeatPage: z.literal(true).optional(),
});

const ruleSchema = z.strictObject({
  match: z
    .strictObject({
      method: z.string().toUpperCase().optional(),
      /** A regular expression, searched in path and query. */
      path: z
        .string()
        .refine((text) => isPattern(text), 'is not a regular expression')
        .optional(),
      /**
       * A regular expression, searched in the body (JSON): fails only the requests that name one
       * record.
       */
      body: z
        .string()
        .refine((text) => isPattern(text), 'is not a regular expression')
        .optional(),
      /** The first matching request that fails, from 1. */
      nth: z.int().min(1).optional(),
      /** How many requests fail from there; absent: one if `nth` is given, else all. */
      times: z.int().min(1).optional(),
    })
    .default({}),
  action: actionSchema,
});

export const faultScriptSchema = z.array(ruleSchema);
export type FaultRule = z.infer<typeof ruleSchema>;
export type FaultAction = z.infer<typeof actionSchema>;

interface ActiveRule {
  readonly rule: FaultRule;
  readonly pattern: RegExp;
  /** Null: the rule is not about bodies. */
  readonly body: RegExp | null;
  matched: number;
}

export class FaultScript {
  #rules: ActiveRule[] = [];

  constructor(rules: readonly FaultRule[]) {
    this.replace(rules);
  }

  /** Resets the counts of matching requests. */
  replace(rules: readonly FaultRule[]): void {
    this.#rules = rules.map((rule) => {
      const { path = '', body } = rule.match;
      return { rule, pattern: new RegExp(path), body: body === undefined ? null : new RegExp(body), matched: 0 };
    });
  }

  /**
   * The action of the first rule that applies to this request; null = none. Every matching rule
   * counts the request.
   * @param body absent: before it is read, rules about bodies do not apply; else only those do
   */
  next(method: string, pathAndQuery: string, body?: string): FaultAction | null {
    let due: FaultAction | null = null;
    for (const each of this.#rules) {
      if (!matches(each, { method, pathAndQuery, body })) continue;
      const { nth = 1, times } = each.rule.match;
      each.matched += 1;
      const last =
        times === undefined && each.rule.match.nth === undefined ? Number.POSITIVE_INFINITY : nth + (times ?? 1) - 1;
      if (each.matched >= nth && each.matched <= last) due ??= each.rule.action;
    }
    return due;
  }
}

function matches(
  { rule, pattern, body: wanted }: ActiveRule,
  { method, pathAndQuery, body }: { method: string; pathAndQuery: string; body: string | undefined },
): boolean {
  if (rule.match.method !== undefined && rule.match.method !== method) return false;
  if (!pattern.test(pathAndQuery)) return false;
  return wanted === null ? body === undefined : body !== undefined && wanted.test(body);
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
