// The objects and fields that this user can see. A query that names a hidden or missing field fails
// as a whole, so every query requests only described fields: a hidden field then costs that field
// alone.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { singleFlight } from '../../kit/single-flight.ts';
import type { SalesforceHttp } from '../http/client.ts';
import { type DescribedObject, describeSchema } from './described-object.ts';
import { type PathProblem, resolvePath } from './resolve-path.ts';

export interface Schema {
  /** Null if the org has no such object, or if this user cannot see it. */
  describe(name: string, signal: AbortSignal): Promise<DescribedObject | null>;
  /**
   * The paths (`Industry`, `Account.Industry`) that this user can see, in Salesforce's spelling.
   */
  visiblePaths(object: string, paths: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  /** The type of the field at this path: `boolean`, `currency`. Null if this user cannot see it. */
  typeOf(object: string, path: string, signal: AbortSignal): Promise<string | null>;
  /** Why the path cannot be read, and the fix; null if it can. */
  problemOf(object: string, path: string, signal: AbortSignal): Promise<PathProblem | null>;
  /** Clears the cache, so that every object is described again. */
  invalidate(): void;
}

// A newly granted field should be read soon; describing an object costs one call.
const CACHE_MS = 30 * 60_000;
// A 404 may be a failure of one night. Shorter than the first check of an unavailable stream, which
// must not find the old answer.
const MISSING_CACHE_MS = 2 * 60_000;

export function createSchema({ http, clock }: { http: SalesforceHttp; clock: Clock }): Schema {
  const objects = new Map<string, (signal: AbortSignal) => Promise<DescribedObject | null>>();

  async function describe(name: string, signal: AbortSignal): Promise<DescribedObject | null> {
    const cached =
      objects.get(name) ?? cacheDescription((sharedSignal) => fetchDescription(http, name, sharedSignal), clock);
    objects.set(name, cached);
    return await cached(signal);
  }

  const resolve = (from: string, path: string, signal: AbortSignal) => resolvePath(describe, from, path, signal);
  return {
    describe,
    visiblePaths: async (from, paths, signal) => {
      const found: string[] = [];
      for (const path of paths) {
        const field = await resolve(from, path, signal);
        if ('name' in field && !found.includes(field.name)) found.push(field.name);
      }
      return found;
    },
    typeOf: async (from, path, signal) => {
      const field = await resolve(from, path, signal);
      return 'name' in field ? field.type : null;
    },
    problemOf: async (from, path, signal) => {
      const field = await resolve(from, path, signal);
      return 'name' in field ? null : field;
    },
    invalidate: () => objects.clear(),
  };
}

/** Caches the description; concurrent callers share one call. */
function cacheDescription(fetchFresh: (signal: AbortSignal) => Promise<DescribedObject | null>, clock: Clock) {
  let cached: { readonly described: DescribedObject | null; readonly at: number } | null = null;
  const refresh = singleFlight(async (signal) => {
    const at = clock.now().getTime();
    const described = await fetchFresh(signal);
    cached = { described, at };
    return described;
  });
  return async (signal: AbortSignal): Promise<DescribedObject | null> => {
    const ageMs = clock.now().getTime() - (cached?.at ?? 0);
    const isFresh = cached !== null && ageMs < (cached.described === null ? MISSING_CACHE_MS : CACHE_MS);
    return cached !== null && isFresh ? cached.described : await refresh(signal);
  };
}

async function fetchDescription(
  http: SalesforceHttp,
  name: string,
  signal: AbortSignal,
): Promise<DescribedObject | null> {
  try {
    const call = { what: `describing ${name}`, path: `/sobjects/${name}/describe`, responseSchema: describeSchema };
    const { fields, ...object } = await http.call(call, signal);
    return { ...object, fields: new Map(fields.map((field) => [field.name.toLowerCase(), field])) };
  } catch (error) {
    if (error instanceof ConnectorError && error.kind === 'not-found') return null;
    throw error;
  }
}
