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

/**
 * A page token as HubSpot returns it: Base64, percent-encoded for use in a URL, such as
 * `MQ%3D%3D` (example in the API descriptions; https://github.com/HubSpot/hubspot-api-nodejs/issues/480).
 */
export function encodeToken(text: string): string {
  // Padded to a length with "==" at the end, so that each token contains a percent sign.
  const padded = text.padEnd(text.length + ((4 - (text.length % 3)) % 3));
  return encodeURIComponent(Buffer.from(padded).toString('base64'));
}

/**
 * The token of a page, which arrives decoded once. One that was encoded twice is not a token.
 * @throws from the schema: HubSpotError 400
 */
export const tokenSchema = z
  .string()
  .regex(/^[A-Za-z0-9+/]+=*$/, 'is not a cursor')
  .transform((token) => Buffer.from(token, 'base64').toString().trimEnd());

/** A token that is an offset. */
export const offsetSchema = tokenSchema.pipe(z.string().regex(/^\d+$/, 'is not a cursor')).transform(Number);
