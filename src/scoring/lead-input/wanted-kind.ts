// The kinds of value that a model can compare a field with. dead-rules/wanted-kinds.ts finds those of
// a model.
import { toNumber } from '../compile/operators.ts';

export type WantedKind = 'number' | 'boolean' | 'country';

/** Whether a known value can match such a comparison. */
export function isOfKind(value: string | number | boolean, kind: WantedKind): boolean {
  if (kind === 'number') return toNumber(value) !== null;
  if (kind === 'boolean') return typeof value === 'boolean';
  return typeof value === 'string' && /^\s*[a-z]{2}\s*$/i.test(value);
}
