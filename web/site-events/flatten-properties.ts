// What a message says, flat, as rules look at it: `properties.plan.name`. And how much of it is too much. Pure.
import type { Fields, FieldValue } from '../../src/domain/lead.ts';

const MAX_DEPTH = 10;
const MAX_VALUES = 1_000;
const MAX_LIST_ITEMS = 50;

/** What of it is too much; null: nothing. Walks no further than that. */
export function findLimitViolation(value: unknown): string | null {
  const waiting: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  let count = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    count += 1;
    if (count > MAX_VALUES) return `a message has at most ${MAX_VALUES} values`;
    if (typeof next.value !== 'object' || next.value === null) continue;
    const depth = next.depth + 1;
    if (depth > MAX_DEPTH) return `objects and lists are nested at most ${MAX_DEPTH} deep`;
    for (const each of Object.values(next.value)) waiting.push({ value: each, depth });
  }
  return null;
}

interface MessageContent {
  readonly event?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly category?: string | null | undefined;
  readonly properties: object;
  readonly traits: object;
  readonly context: object;
}

/** Of one that `measure` lets through. A page without a path has that of its address. */
export function flatten({ event, name, category, properties, traits, context }: MessageContent): Fields {
  const entries = [
    ...entriesOf('properties', properties),
    ...entriesOf('traits', traits),
    ...entriesOf('context', context),
    ...Object.entries({ event: event ?? null, name: name ?? null, category: category ?? null }),
  ];
  const fields = new Map<string, FieldValue>(entries);
  const url = fields.get('properties.url');
  if (typeof url === 'string' && !fields.has('properties.path') && URL.canParse(url)) {
    fields.set('properties.path', new URL(url).pathname);
  }
  return Object.fromEntries(fields);
}

function entriesOf(path: string, value: unknown): [string, FieldValue][] {
  if (Array.isArray(value)) {
    const scalars = value.filter((each) => isScalar(each)).slice(0, MAX_LIST_ITEMS);
    return [[path, scalars]];
  }
  if (isScalar(value)) return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => entriesOf(`${path}.${key}`, each));
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
