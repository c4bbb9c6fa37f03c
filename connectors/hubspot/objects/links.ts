// The links of objects, 1,000 objects per call, each followed to its last page.
import type { ConnectorError } from '../../../src/crm/connector-error.ts';
import { chunksOf } from '../../../src/domain/lists/chunks.ts';
import { isolateFailures } from '../../kit/isolate-failures.ts';
import { pageTokens } from '../../kit/page-tokens.ts';
import { blameOf, isUp } from '../http/blame.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { failuresById } from '../http/multi-status.ts';
import { unexpectedItem } from '../http/parse-response.ts';
import { type AssociationRow, type AssociationType, associationsSchema } from '../http/responses/objects.ts';
import type { ReadFailures } from './batch-read.ts';

export const LINK_BATCH = 1000;

export interface Link {
  readonly id: string;
  readonly isPrimary: boolean;
}

export interface Links {
  /** By the ID of the object. An object without links is absent. */
  readonly of: ReadonlyMap<string, readonly Link[]>;
  /** The objects whose links could not be read completely, by ID. */
  readonly failed: ReadFailures;
}

interface LinkRequest {
  readonly from: string;
  readonly to: string;
}

/** One object, and the start of the page of its links to read. */
interface LinkInput {
  readonly id: string;
  readonly after?: string;
}

// "contact to primary company". Its label depends on the language of the portal, its ID does not.
// A portal's own labels are numbered from 1 too, in a category of their own
// (https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associations-schema/guide).
const PRIMARY_COMPANY = { category: 'HUBSPOT_DEFINED', typeId: 1 };

/**
 * Any number of IDs.
 * @throws ConnectorError of any kind when the links of all of them cannot be read
 */
export async function readLinks(
  http: HubSpotHttp,
  request: LinkRequest & { readonly ids: readonly string[] },
  signal: AbortSignal,
): Promise<Links> {
  const links = new Map<string, Link[]>();
  const failed = new Map<string, ConnectorError>();
  const tokens = new Map<string, ReturnType<typeof pageTokens>>();
  const nextPage = ({ from: { id }, paging }: AssociationRow): LinkInput[] => {
    const checkToken = tokens.get(id) ?? pageTokens('hubspot', describe(request));
    tokens.set(id, checkToken);
    const after = checkToken(paging);
    return after === null ? [] : [{ id, after }];
  };
  let inputs: readonly LinkInput[] = [...new Set(request.ids)].map((id) => ({ id }));
  while (inputs.length > 0) {
    const pages = [];
    for (const part of chunksOf(inputs, LINK_BATCH)) pages.push(await readPage(http, request, part, signal));
    const rows = pages.flatMap((page) => page.rows);
    for (const { from, to } of rows) links.set(from.id, [...(links.get(from.id) ?? []), ...to.map(toLink)]);
    for (const [id, error] of pages.flatMap((page) => [...page.failed])) failed.set(id, error);
    inputs = rows.flatMap(nextPage);
  }
  // Some of its links are missing, so the others must not count as all of them.
  for (const id of failed.keys()) links.delete(id);
  return { of: links, failed };
}

async function readPage(http: HubSpotHttp, request: LinkRequest, part: readonly LinkInput[], signal: AbortSignal) {
  const what = describe(request);
  const path = http.paths.associations(request.from, request.to);
  const read = await isolateFailures(part, {
    send: (inputs, isRetried) =>
      http.call(
        { what, method: 'POST', path, body: { inputs }, isRetried, responseSchema: associationsSchema },
        signal,
      ),
    blameOf,
    isUp: () => isUp(http, signal),
  });
  const last = read.failed.at(-1);
  if (read.notSent.length > 0 && last !== undefined) throw last.error;
  const { from, to } = request;
  const failed = new Map(read.results.flatMap(({ errors }) => [...failuresById(`${to} of ${from}`, errors)]));
  for (const { item, error } of read.failed) failed.set(item.id, error);
  for (const row of read.results.flatMap(({ results }) => results.unexpected)) {
    if (row.id === null) throw unexpectedItem(what, row);
    failed.set(row.id, unexpectedItem(what, row));
  }
  return { rows: read.results.flatMap(({ results }) => results.valid), failed };
}

function describe({ from, to }: LinkRequest): string {
  return `reading the ${to} of ${from}`;
}

function toLink({
  toObjectId,
  associationTypes,
}: {
  readonly toObjectId: string;
  readonly associationTypes: readonly AssociationType[];
}): Link {
  return { id: toObjectId, isPrimary: associationTypes.some(isPrimaryCompany) };
}

function isPrimaryCompany({ category, typeId }: AssociationType): boolean {
  return category === PRIMARY_COMPANY.category && typeId === PRIMARY_COMPANY.typeId;
}

/**
 * The primary company, else the one with the smallest ID, so that every read makes the same choice;
 * null = none.
 */
export function chooseCompany(links: readonly Link[] | undefined): string | null {
  const sorted = (links ?? []).toSorted((a, b) => a.id.length - b.id.length || (a.id < b.id ? -1 : 1));
  return (sorted.find((link) => link.isPrimary) ?? sorted[0])?.id ?? null;
}
