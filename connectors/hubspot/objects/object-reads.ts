// Reads of CRM objects: a page of a list, a page of a search, and links in batches. batch-read.ts
// reads by ID.
import { chunksOf } from '../../../src/domain/chunks.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { throwOnPartialFailure } from '../http/multi-status.ts';
import { associationsSchema, type HubSpotObject, objectsSchema } from '../http/responses/objects.ts';

export const READ_BATCH = 100;
/**
 * With `propertiesWithHistory`: "The maximum number of inputs supported in a batch request for
 * property histories is 50".
 */
export const HISTORY_BATCH = 50;
export const LINK_BATCH = 1000;
export const SEARCH_PAGE = 200;

export interface ObjectPage {
  readonly records: readonly HubSpotObject[];
  /** The start of the next page; null = this is the last page. */
  readonly after: string | null;
}

interface ListRequest {
  readonly type: string;
  readonly properties: readonly string[];
  /** Links that come with each record, without a further call. */
  readonly associations?: string;
  readonly after: string | null;
}

export async function listPage(http: HubSpotHttp, request: ListRequest, signal: AbortSignal): Promise<ObjectPage> {
  const { type, properties, associations, after } = request;
  const query = {
    limit: String(READ_BATCH),
    properties: properties.join(','),
    archived: 'false',
    ...(associations === undefined ? {} : { associations }),
    ...(after === null ? {} : { after }),
  };
  const response = await http.call(
    { what: `listing ${type}`, path: http.paths.list(type), query, responseSchema: objectsSchema },
    signal,
  );
  return { records: response.results, after: response.paging };
}

export interface SearchFilter {
  readonly propertyName: string;
  readonly operator: 'GTE' | 'EQ' | 'GT';
  readonly value: string;
}

interface SearchRequest {
  readonly type: string;
  readonly properties: readonly string[];
  readonly filters: readonly SearchFilter[];
  readonly sortBy: string;
}

/**
 * The first `SEARCH_PAGE` results. Callers continue with another filter: paging by offset ends at
 * 10,000 results and can skip records.
 */
export async function searchPage(
  http: HubSpotHttp,
  request: SearchRequest,
  signal: AbortSignal,
): Promise<readonly HubSpotObject[]> {
  const { type, properties, filters, sortBy } = request;
  const response = await http.call(
    {
      what: `searching ${type}`,
      method: 'POST',
      path: http.paths.search(type),
      isSearch: true,
      body: {
        filterGroups: [{ filters }],
        sorts: [{ propertyName: sortBy, direction: 'ASCENDING' }],
        properties,
        limit: SEARCH_PAGE,
      },
      responseSchema: objectsSchema,
    },
    signal,
  );
  return response.results;
}

export interface Link {
  readonly id: string;
  readonly isPrimary: boolean;
}

// "contact to primary company". Its labels depend on the language of the portal, its ID does not.
const PRIMARY_COMPANY_TYPE = 1;

/** The links of the records, by record ID. A record without links is absent. Any number of IDs. */
export async function readLinks(
  http: HubSpotHttp,
  request: { from: string; to: string; ids: readonly string[] },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Link[]>> {
  const links = new Map<string, Link[]>();
  const { from, to } = request;
  const path = http.paths.associations(from, to);
  let inputs: { id: string; after?: string }[] = [...new Set(request.ids)].map((id) => ({ id }));
  while (inputs.length > 0) {
    const more: { id: string; after?: string }[] = [];
    for (const part of chunksOf(inputs, LINK_BATCH)) {
      const what = `reading the ${to} of ${from}`;
      const response = await http.call(
        { what, method: 'POST', path, body: { inputs: part }, responseSchema: associationsSchema },
        signal,
      );
      throwOnPartialFailure(`${to} of ${from}`, response.errors);
      for (const row of response.results) {
        const known = links.get(row.from.id) ?? [];
        known.push(
          ...row.to.map(({ toObjectId, associationTypes }) => ({
            id: toObjectId,
            isPrimary: hasPrimaryType(associationTypes),
          })),
        );
        links.set(row.from.id, known);
        if (row.paging !== null) more.push({ id: row.from.id, after: row.paging });
      }
    }
    inputs = more;
  }
  return links;
}

function hasPrimaryType(types: readonly { typeId?: number | undefined }[]): boolean {
  return types.some((type) => type.typeId === PRIMARY_COMPANY_TYPE);
}

/**
 * The primary company, else the one with the smallest ID, so that every read makes the same choice;
 * null = none.
 */
export function chooseCompany(links: readonly Link[] | undefined): string | null {
  const sorted = (links ?? []).toSorted((a, b) => a.id.length - b.id.length || (a.id < b.id ? -1 : 1));
  return (sorted.find((link) => link.isPrimary) ?? sorted[0])?.id ?? null;
}
