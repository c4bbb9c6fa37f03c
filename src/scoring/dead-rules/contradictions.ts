// Conditions that no value can meet: "above 10 and below 5".
import { type Conjunction, describeRange, EVERYTHING, intersect, isEmpty, type Part } from './conjunction.ts';

/** Why no lead can meet the condition; null if one can. */
export function contradictionIn(conjunction: Conjunction): string | null {
  const byField = Map.groupBy(conjunction.parts, ({ field }) => field);
  for (const [field, parts] of byField) {
    const found = contradictionOn(field, parts);
    if (found !== null) return found;
  }
  for (const options of conjunction.anyOf) {
    const reasons = options.map(({ parts, anyOf }) =>
      contradictionIn({ parts: [...conjunction.parts, ...parts], anyOf }),
    );
    const [first] = reasons;
    if (first !== undefined && reasons.every((reason) => reason !== null)) return first;
  }
  return null;
}

function contradictionOn(field: string, parts: readonly Part[]): string | null {
  const ranges = parts.flatMap((part) => (part.kind === 'range' ? [part.range] : []));
  const range = ranges.reduce(intersect, EVERYTHING);
  if (isEmpty(range)) return `no number is ${describeRange(range)}`;
  if (parts.some((part) => part.kind === 'present' && !part.isKnown) && parts.length > 1) {
    return `an unknown ${field} meets no other condition`;
  }
  for (const part of parts) {
    if (part.kind !== 'equals') continue;
    const numeric = parts.find(
      (other) => other.kind === 'range' && !part.values.some((value) => isMatched(other, value)),
    );
    if (numeric) return `${listed(part.values)} is not ${describeRange(range)}`;
    const excluded = parts.some(
      (other) => other.kind === 'not' && !part.values.some((value) => isMatched(other, value)),
    );
    if (excluded) return `${listed(part.values)} is excluded by not`;
  }
  return null;
}

function isMatched({ test }: Part, value: string | number | boolean): boolean {
  return test(value) === 'matched';
}

function listed(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ');
}
