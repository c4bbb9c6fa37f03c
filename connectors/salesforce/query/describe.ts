// What this user sees of an object's fields. A hidden or missing field named in a query would fail the whole query, so every
// query asks only for what `describe` shows: such a field costs that field.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm
import { z } from 'zod';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { singleFlight } from '../../kit/single-flight.ts';
import type { SalesforceHttp } from '../http/client.ts';

const fieldSchema = z.looseObject({
  name: z.string(),
  type: z.string(),
  updateable: z.boolean(),
  referenceTo: z.array(z.string()).default([]),
  relationshipName: z.string().nullable().default(null),
  picklistValues: z.array(z.looseObject({ value: z.string(), active: z.boolean() })).default([]),
  restrictedPicklist: z.boolean().default(false),
  length: z.number().default(0),
});
export type DescribedField = z.infer<typeof fieldSchema>;

const describeAnswer = z.looseObject({
  name: z.string(),
  queryable: z.boolean(),
  updateable: z.boolean(),
  fields: z.array(fieldSchema),
});

export interface DescribedObject {
  readonly name: string;
  readonly queryable: boolean;
  readonly updateable: boolean;
  /** By lower-case name: Salesforce does not tell cases apart. */
  readonly fields: ReadonlyMap<string, DescribedField>;
}

export interface Schema {
  /** Null: the org has no such object, or this user may not see it. */
  object(name: string, signal: AbortSignal): Promise<DescribedObject | null>;
  /** Of these paths (`Industry`, `Account.Industry`), those that this user sees, spelled as Salesforce spells them. */
  visible(object: string, paths: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  /** The type of the field at this path: `boolean`, `currency`. Null: this user does not see it. */
  typeOf(object: string, path: string, signal: AbortSignal): Promise<string | null>;
  /** What was learned may have changed: it is asked for again. */
  forget(): void;
}

// An admin who grants a field expects it to be read soon; each object costs one call.
const KNOWN_FOR_MS = 30 * 60_000;

export function createSchema({ http, clock }: { http: SalesforceHttp; clock: Clock }): Schema {
  const objects = new Map<string, (signal: AbortSignal) => Promise<DescribedObject | null>>();

  async function object(name: string, signal: AbortSignal): Promise<DescribedObject | null> {
    const described = objects.get(name) ?? remember((within) => read(http, name, within), clock);
    objects.set(name, described);
    return await described(signal);
  }

  async function resolve(
    from: string,
    path: string,
    signal: AbortSignal,
  ): Promise<Pick<DescribedField, 'name' | 'type'> | null> {
    const described = await object(from, signal);
    const dot = path.indexOf('.');
    if (dot < 0) return described?.fields.get(path.toLowerCase()) ?? null;
    const relation = path.slice(0, dot).toLowerCase();
    const link = [...(described?.fields.values() ?? [])].find((field) => {
      return field.relationshipName?.toLowerCase() === relation;
    });
    // What may be one of several objects has no fields that are sure to be there.
    const [parent, ...others] = link?.referenceTo ?? [];
    if (link === undefined || parent === undefined || others.length > 0) return null;
    const rest = await resolve(parent, path.slice(dot + 1), signal);
    return rest === null ? null : { name: `${link.relationshipName}.${rest.name}`, type: rest.type };
  }

  return {
    object,
    visible: async (from, paths, signal) => {
      const found: string[] = [];
      for (const path of paths) {
        const field = await resolve(from, path, signal);
        if (field !== null && !found.includes(field.name)) found.push(field.name);
      }
      return found;
    },
    typeOf: async (from, path, signal) => (await resolve(from, path, signal))?.type ?? null,
    forget: () => objects.clear(),
  };
}

/** Asks once for all who wait, and not again while the answer is fresh. */
function remember(ask: (signal: AbortSignal) => Promise<DescribedObject | null>, clock: Clock) {
  let known: { readonly described: DescribedObject | null; readonly at: number } | null = null;
  const asked = singleFlight(async (signal) => {
    const at = clock.now().getTime();
    const described = await ask(signal);
    known = { described, at };
    return described;
  });
  return async (signal: AbortSignal): Promise<DescribedObject | null> => {
    const isFresh = known !== null && clock.now().getTime() - known.at < KNOWN_FOR_MS;
    return known !== null && isFresh ? known.described : await asked(signal);
  };
}

async function read(http: SalesforceHttp, name: string, signal: AbortSignal): Promise<DescribedObject | null> {
  try {
    const call = { what: `describing ${name}`, path: `/sobjects/${name}/describe`, answer: describeAnswer };
    const { fields, ...object } = await http.call(call, signal);
    return { ...object, fields: new Map(fields.map((field) => [field.name.toLowerCase(), field])) };
  } catch (error) {
    if (error instanceof ConnectorError && error.kind === 'not-found') return null;
    throw error;
  }
}
