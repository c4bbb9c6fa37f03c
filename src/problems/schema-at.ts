// Walks a schema along a path, to tell which keys and kinds of value may stand there.
import { z } from 'zod';

type Path = readonly PropertyKey[];

/** The schemas that may describe the value at `path`, without optional, union and lazy wrappers. */
function schemasAt(schema: z.ZodType, path: Path): readonly z.ZodType[] {
  return path.reduce<readonly z.ZodType[]>(
    (schemas, key) => schemas.flatMap((each) => childrenOf(each, key)).flatMap(unwrapped),
    unwrapped(schema),
  );
}

/** The keys that an object at `path` may have; empty where any key may stand. */
export function keysAt(schema: z.ZodType, path: Path): readonly string[] {
  const found = schemasAt(schema, path).flatMap((each) => (each instanceof z.ZodObject ? Object.keys(each.shape) : []));
  return [...new Set(found)];
}

/** Whether the value at `path` may be left out. */
export function isOptionalAt(schema: z.ZodType, path: Path): boolean {
  const key = path.at(-1);
  if (typeof key !== 'string') return false;
  return schemasAt(schema, path.slice(0, -1)).some((each) => {
    return each instanceof z.ZodObject && each.shape[key] instanceof z.ZodOptional;
  });
}

/** All keys of all objects of the schema. */
export function allKeys(schema: z.ZodType): ReadonlySet<string> {
  const keys = new Set<string>();
  const seen = new Set<z.ZodType>();
  const visit = (each: z.ZodType): void => {
    for (const plain of unwrapped(each)) {
      if (seen.has(plain)) continue;
      seen.add(plain);
      if (plain instanceof z.ZodObject) {
        for (const key of Object.keys(plain.shape)) keys.add(key);
      }
      for (const child of allChildren(plain)) visit(child);
    }
  };
  visit(schema);
  return keys;
}

function allChildren(schema: z.ZodType): readonly z.ZodType[] {
  if (schema instanceof z.ZodObject) return Object.values<unknown>(schema.shape).flatMap(asSchema);
  return childrenOf(schema, 0);
}

function childrenOf(schema: z.ZodType, key: PropertyKey): readonly z.ZodType[] {
  if (schema instanceof z.ZodObject) return typeof key === 'string' ? asSchema(schema.shape[key]) : [];
  if (schema instanceof z.ZodArray) return asSchema(schema.element);
  return schema instanceof z.ZodRecord ? asSchema(schema.valueType) : [];
}

function unwrapped(schema: z.ZodType): readonly z.ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodLazy) {
    return asSchema(schema.unwrap()).flatMap(unwrapped);
  }
  if (schema instanceof z.ZodPipe) return asSchema(schema.in).flatMap(unwrapped);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(asSchema).flatMap(unwrapped);
  return [schema];
}

function asSchema(value: unknown): readonly z.ZodType[] {
  return value instanceof z.ZodType ? [value] : [];
}
