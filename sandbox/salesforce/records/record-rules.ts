// What stands in the way of writes: validation rules, and rows that somebody else holds.
import { z } from 'zod';

export const validationRuleSchema = z.strictObject({
  /** The object's name. */
  object: z.string(),
  /** Records by id; absent: all of the object. */
  ids: z.array(z.string()).optional(),
  message: z.string(),
  /** The field at which the message is shown; absent: at the top of the page. */
  field: z.string().optional(),
});
/** A duplicate rule that finds another record like these. */
export const duplicateRuleSchema = z.strictObject({ ids: z.array(z.string()), action: z.enum(['alert', 'block']) });
export const lockSchema = z.strictObject({ id: z.string(), times: z.int().min(1) });

export type ValidationRule = z.infer<typeof validationRuleSchema>;
export type DuplicateRule = z.infer<typeof duplicateRuleSchema>;

export class RecordRules {
  #rules: readonly ValidationRule[] = [];
  #locks = new Map<string, number>();
  #duplicates: readonly DuplicateRule[] = [];

  setValidation(rules: readonly ValidationRule[]): void {
    this.#rules = rules;
  }

  /** @param locks how many writes to a record fail from now on, by its id of 18 characters */
  setLocks(locks: ReadonlyMap<string, number>): void {
    this.#locks = new Map(locks);
  }

  setDuplicates(rules: readonly DuplicateRule[]): void {
    this.#duplicates = rules;
  }

  /** @param allowed whoever writes has seen the alert */
  isDuplicate(id: string, allowed: boolean): boolean {
    return this.#duplicates.some(({ ids, action }) => ids.includes(id) && !(allowed && action === 'alert'));
  }

  violated(object: string, id: string): ValidationRule | undefined {
    return this.#rules.find((rule) => rule.object === object && (rule.ids?.includes(id) ?? true));
  }

  /** True when the row is held; that counts as one of its times. */
  isLocked(id: string): boolean {
    const left = this.#locks.get(id) ?? 0;
    if (left > 0) this.#locks.set(id, left - 1);
    return left > 0;
  }
}
