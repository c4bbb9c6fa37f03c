// The property values that HubSpot refuses in a write, by code and property. HubSpot reports them
// in one of three places, for example
// `Property values were not valid: [{"isValid":false,"message":"x was not one of the allowed
// options","error":"INVALID_OPTION","name":"customer_segment"}]`.
import { z } from 'zod';
import type { ErrorBody } from '../http/error-response.ts';

export interface RefusedProperty {
  /** HubSpot's code, e.g. `INVALID_OPTION`. */
  readonly code: string;
  /** Null: HubSpot names no property. */
  readonly name: string | null;
}

const text = z.string().optional().catch(undefined);
const inMessage = z.looseObject({ error: text, name: text });
const names = z.union([z.array(z.string()), z.string().transform((one) => [one])]);

export function refusedProperties(body: ErrorBody): readonly RefusedProperty[] {
  const messages = [body.message, ...(body.errors ?? []).map(({ message }) => message)];
  return [
    ...messages.flatMap((message) => propertiesInMessage(message ?? '')),
    ...(body.validationResults ?? []).map(({ error, name }) => ({ code: error ?? '', name: name ?? null })),
    ...(body.errors ?? []).flatMap(({ code, subCategory, category, context }) => {
      const named = names.safeParse(context?.propertyName ?? context?.name).data ?? [];
      return named.map((name) => ({ code: code ?? subCategory ?? category ?? '', name }));
    }),
    ...[body.category, body.subCategory].flatMap((code) => (code === undefined ? [] : [{ code, name: null }])),
  ];
}

function propertiesInMessage(message: string): RefusedProperty[] {
  const objects = message.match(/\{[^{}]*\}/g) ?? [];
  const listed = objects.flatMap((json) => {
    const { error, name } = inMessage.safeParse(parseJson(json)).data ?? {};
    return error === undefined ? [] : [{ code: error, name: name ?? null }];
  });
  const missing = /Property "([^"]+)" does not exist/.exec(message)?.[1];
  return missing === undefined ? listed : [...listed, { code: 'PROPERTY_DOESNT_EXIST', name: missing }];
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
