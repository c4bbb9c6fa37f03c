// Query parameters that several endpoints share.
import { z } from 'zod';
import type { Call } from '../http/endpoint.ts';
import { badRequest } from '../hubspot-error.ts';
import { isObjectType, type ObjectType } from '../object-types.ts';

/** `a,b` or a repeated parameter. */
export const namesSchema = z.union([z.string(), z.array(z.string())]).transform((given) =>
  [given]
    .flat()
    .flatMap((part) => part.split(','))
    .filter((name) => name !== ''),
);

/** A page size from 1 to `max`. */
export function limitSchema(max: number, fallback: number) {
  return z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= max, `limit must be between 1 and ${max}`)
    .default(fallback);
}

/** The object type in the path. @throws HubSpotError 400 with HubSpot's message */
export function objectTypeOf(call: Call, name = 'type'): ObjectType {
  const type = call.param(name);
  if (!isObjectType(type)) throw badRequest(`Unable to infer object type from: ${type}`);
  return type;
}
