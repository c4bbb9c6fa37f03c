// Reads of CRM objects: a page of a list, a page of a search. batch-read.ts reads by ID.
import type { HubSpotHttp } from '../http/client.ts';
import type { UnexpectedItem } from '../http/responses/id-and-paging.ts';
import { type HubSpotObject, objectsSchema } from '../http/responses/objects.ts';

export const READ_BATCH = 100;
/**
 * With `propertiesWithHistory`: "The maximum number of inputs supported in a batch request for
 * property histories is 50".
 */
export const HISTORY_BATCH = 50;
export const SEARCH_PAGE = 200;

export interface ObjectPage {
  readonly records: readonly HubSpotObject[];
  /** Objects that do not have the expected shape. */
  readonly unexpected: readonly UnexpectedItem[];
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
  return { records: response.results.valid, unexpected: response.results.unexpected, after: response.paging };
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
): Promise<Omit<ObjectPage, 'after'>> {
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
  return { records: response.results.valid, unexpected: response.results.unexpected };
}
