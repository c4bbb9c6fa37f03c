// The rules that make writes fail: validation rules, duplicate rules and locked rows.
import { z } from 'zod';

export const validationRuleSchema = z.strictObject({
  /** The object's name. */
  object: z.string(),
  /** IDs of records; absent: all records of the object. */
  ids: z.array(z.string()).optional(),
  message: z.string(),
  /** The field of the error; absent: the error has no field. */
  field: z.string().optional(),
});
/** A duplicate rule that reports these records as duplicates. */
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

  /** @param locks number of writes that fail from now on, by 18-character record ID */
  setLocks(locks: ReadonlyMap<string, number>): void {
    this.#locks = new Map(locks);
  }

  setDuplicates(rules: readonly DuplicateRule[]): void {
    this.#duplicates = rules;
  }

  /** @param allowed the request allows saving despite an alert */
  isDuplicate(id: string, allowed: boolean): boolean {
    return this.#duplicates.some(({ ids, action }) => ids.includes(id) && !(allowed && action === 'alert'));
  }

  violated(object: string, id: string): ValidationRule | undefined {
    return this.#rules.find((rule) => rule.object === object && (rule.ids?.includes(id) ?? true));
  }

  /** True if the row is locked. Each call with this result uses up one of its failures. */
  useLock(id: string): boolean {
    const left = this.#locks.get(id) ?? 0;
    if (left > 0) this.#locks.set(id, left - 1);
    return left > 0;
  }
}
