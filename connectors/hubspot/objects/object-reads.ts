// Ways to read CRM objects: a page of the list, a page of a search, and links by batch. By id: batch-read.ts.
import { chunksOf } from '../../../src/domain/chunks.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { throwOnPartialFailure } from '../http/multi-status.ts';
import { associationsAnswer, type HubSpotObject, objectsAnswer } from '../http/responses.ts';

export const READ_BATCH = 100;
/** With `propertiesWithHistory`: "The maximum number of inputs supported in a batch request for property histories is 50". */
export const HISTORY_BATCH = 50;
export const LINK_BATCH = 1000;
export const SEARCH_PAGE = 200;

export interface ObjectPage {
  readonly records: readonly HubSpotObject[];
  /** Null: this is the last page. */
  readonly after: string | null;
}

interface ListRequest {
  readonly type: string;
  readonly properties: readonly string[];
  /** Comes with each record, without a further call. */
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
  const answer = await http.call(
    { what: `listing ${type}`, path: http.paths.list(type), query, answer: objectsAnswer },
    signal,
  );
  return { records: answer.results, after: answer.paging };
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

/** The first `SEARCH_PAGE` results. Callers go on with another filter: paging by offset ends at 10,000 and skips. */
export async function searchPage(
  http: HubSpotHttp,
  request: SearchRequest,
  signal: AbortSignal,
): Promise<readonly HubSpotObject[]> {
  const { type, properties, filters, sortBy } = request;
  const answer = await http.call(
    {
      what: `searching ${type}`,
      method: 'POST',
      path: http.paths.search(type),
      search: true,
      body: {
        filterGroups: [{ filters }],
        sorts: [{ propertyName: sortBy, direction: 'ASCENDING' }],
        properties,
        limit: SEARCH_PAGE,
      },
      answer: objectsAnswer,
    },
    signal,
  );
  return answer.results;
}

export interface Link {
  readonly id: string;
  readonly primary: boolean;
}

// "contact to primary company"; also the only one whose label says so in every language.
const PRIMARY_COMPANY_TYPE = 1;

/** What the records are linked to, by record id. A record without links is absent. Any number of ids. */
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
      const answer = await http.call(
        { what, method: 'POST', path, body: { inputs: part }, answer: associationsAnswer },
        signal,
      );
      throwOnPartialFailure(`${to} of ${from}`, answer.errors);
      for (const row of answer.results) {
        const known = links.get(row.from.id) ?? [];
        known.push(...row.to.map((each) => ({ id: each.toObjectId, primary: isPrimary(each.associationTypes) })));
        links.set(row.from.id, known);
        if (row.paging !== null) more.push({ id: row.from.id, after: row.paging });
      }
    }
    inputs = more;
  }
  return links;
}

function isPrimary(types: readonly { typeId?: number | undefined }[]): boolean {
  return types.some((type) => type.typeId === PRIMARY_COMPANY_TYPE);
}

/** The primary company, else the one with the smallest id, so that two reads choose alike; null = none. */
export function chooseCompany(links: readonly Link[] | undefined): string | null {
  const sorted = (links ?? []).toSorted((a, b) => a.id.length - b.id.length || (a.id < b.id ? -1 : 1));
  return (sorted.find((link) => link.primary) ?? sorted[0])?.id ?? null;
}
