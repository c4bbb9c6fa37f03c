// Flattens the content of a message for the rules of the mapping (`properties.plan.name`), and
// checks its size. Pure.
import type { Fields, FieldValue } from '../../src/domain/lead.ts';

const MAX_DEPTH = 10;
const MAX_VALUES = 1_000;
const MAX_LIST_ITEMS = 50;

/** @returns the first exceeded limit, or null. Stops there, so that its time is bounded */
export function findLimitViolation(value: unknown): string | null {
  const stack: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  let count = 0;
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    count += 1;
    if (count > MAX_VALUES) return `a message has at most ${MAX_VALUES} values`;
    if (typeof next.value !== 'object' || next.value === null) continue;
    const depth = next.depth + 1;
    if (depth > MAX_DEPTH) return `objects and lists are nested at most ${MAX_DEPTH} deep`;
    for (const child of Object.values(next.value)) stack.push({ value: child, depth });
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

/** For a message within the limits. `properties.path` defaults to the path of `properties.url`. */
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
    const scalars = value.filter(isScalar).slice(0, MAX_LIST_ITEMS);
    return [[path, scalars]];
  }
  if (isScalar(value)) return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => entriesOf(`${path}.${key}`, child));
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
