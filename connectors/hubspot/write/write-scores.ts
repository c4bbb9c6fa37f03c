// Writes our properties by batches of a hundred. Good rows are written whatever the others are: a refused batch is sent
// again without the rows that the refusal names, or else in halves.

import type { ScorePatch, WriteResult } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { chunksOf } from '../../../src/domain/chunks.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import { redactPersonalData } from '../../kit/redact.ts';
import { contactRef, mergedIds, modifiedAt } from '../contacts/contact-mapping.ts';
import type { HubSpotHttp } from '../http/client.ts';
import {
  type ErrorBody,
  failedIds,
  HubSpotHttpError,
  isObjectNotFound,
  type RowError,
} from '../http/error-response.ts';
import { batchAnswer, type HubSpotObject } from '../http/responses.ts';

export const WRITE_BATCH = 100;

interface Row {
  readonly id: string;
  readonly properties: Readonly<Record<string, string>>;
}

export interface WriteParts {
  readonly http: HubSpotHttp;
  readonly mapping: Mapping;
}

/**
 * One outcome per patch. A repeated write changes nothing, so a time-out is simply tried again.
 * @throws ConnectorError `configuration` when a property or option is missing (nothing more can be written until it is
 *   there); every kind that concerns the call and not a row
 */
export async function writeScores(
  { http, mapping }: WriteParts,
  patches: readonly ScorePatch[],
  signal: AbortSignal,
): Promise<readonly WriteResult[]> {
  const rows = new Map(
    patches.map((patch) => [patch.ref.id, { id: patch.ref.id, properties: toProperties(mapping, patch) }]),
  );
  const outcomes: WriteResult[] = [];
  for (const batch of chunksOf([...rows.values()], WRITE_BATCH)) {
    outcomes.push(...(await writeBatch(http, batch, signal)));
  }
  return outcomes;
}

/** All values are strings; an empty one clears the property. */
function toProperties(mapping: Mapping, patch: ScorePatch): Readonly<Record<string, string>> {
  const given = writtenFields(mapping).flatMap(({ field, property }) => {
    const value = patch.values[field];
    return value === undefined ? [] : [[property, value === null ? '' : String(value)] as const];
  });
  return Object.fromEntries(given);
}

async function writeBatch(http: HubSpotHttp, rows: readonly Row[], signal: AbortSignal): Promise<WriteResult[]> {
  if (rows.length === 0) return [];
  try {
    const answer = await http.call(
      {
        what: 'writing scores',
        method: 'POST',
        path: http.paths.batchUpdate('contacts'),
        body: { inputs: rows },
        answer: batchAnswer,
      },
      signal,
    );
    return await outcomesOf(http, rows, answer, signal);
  } catch (error) {
    if (!(error instanceof ConnectorError) || !(error.cause instanceof HubSpotHttpError)) throw error;
    if (error.kind !== 'invalid' && error.kind !== 'not-found') throw error;
    const { body } = error.cause;
    if (error.kind === 'not-found' && !isAboutContacts(body)) throw error;
    throwIfConfiguration(body, error);
    return await withoutBadRows(http, rows, error, body, signal);
  }
}

/** A wrong path or a gateway that lost its way answers 404 as well: then no contact is gone. */
function isAboutContacts(body: ErrorBody): boolean {
  return isObjectNotFound(body) || /\b(not exist|deleted)\b/i.test(body.message ?? '');
}

async function withoutBadRows(
  http: HubSpotHttp,
  rows: readonly Row[],
  error: ConnectorError,
  body: ErrorBody,
  signal: AbortSignal,
): Promise<WriteResult[]> {
  const [only] = rows;
  if (rows.length === 1 && only !== undefined) {
    return [error.kind === 'not-found' ? gone(only.id) : failed(only.id, error)];
  }
  const bad = namedRows(rows, body.errors ?? []);
  if (bad.size > 0) {
    const named = [...bad].map(([id, rowError]) => outcomeOf(id, rowError));
    return [
      ...named,
      ...(await writeRest(
        http,
        rows.filter((row) => !bad.has(row.id)),
        signal,
      )),
    ];
  }
  const middle = Math.ceil(rows.length / 2);
  const first = await writeBatch(http, rows.slice(0, middle), signal);
  return [...first, ...(await writeRest(http, rows.slice(middle), signal))];
}

/** What the call could not say, a later one may. */
const PASSING: ReadonlySet<string> = new Set(['retry', 'rate-limited', 'budget-spent']);

/** Rows whose neighbors have been answered for: what was written there must not be forgotten for trouble here. */
async function writeRest(http: HubSpotHttp, rows: readonly Row[], signal: AbortSignal): Promise<WriteResult[]> {
  try {
    return await writeBatch(http, rows, signal);
  } catch (error) {
    if (!(error instanceof ConnectorError) || !PASSING.has(error.kind)) throw error;
    return rows.map(({ id }) => failed(id, error));
  }
}

/** Results come in any order, and under another id where a contact was merged. */
async function outcomesOf(
  http: HubSpotHttp,
  rows: readonly Row[],
  answer: { results: readonly HubSpotObject[]; errors: readonly RowError[] },
  signal: AbortSignal,
): Promise<WriteResult[]> {
  for (const error of answer.errors) throwIfConfiguration({ ...error, errors: [error] }, rowFailure(error));
  const written = new Map(answer.results.map((result) => [result.id, result]));
  const bad = namedRows(rows, answer.errors);
  const asked = new Set(rows.map((row) => row.id));
  const strangers = answer.results.filter((result) => !asked.has(result.id));
  const missingResult: Row[] = [];
  const outcomes = rows.flatMap((row): WriteResult[] => {
    const result = written.get(row.id);
    if (result !== undefined) return [{ kind: 'written', ref: contactRef(row.id), modifiedAt: writtenAt(result) }];
    const error = bad.get(row.id);
    if (error !== undefined) return [outcomeOf(row.id, error)];
    const into = survivorOf(row.id, strangers);
    if (into !== null) return [{ kind: 'merged', ref: contactRef(row.id), into: contactRef(into) }];
    missingResult.push(row);
    return [];
  });
  for (const row of missingResult) outcomes.push(...(await writeAlone(http, row, rows.length, strangers, signal)));
  return outcomes;
}

/** A row that a batch said nothing about: alone, its answer can be nobody else's. */
async function writeAlone(
  http: HubSpotHttp,
  row: Row,
  batchSize: number,
  strangers: readonly HubSpotObject[],
  signal: AbortSignal,
): Promise<WriteResult[]> {
  if (batchSize > 1) return await writeRest(http, [row], signal);
  const [stranger] = strangers;
  if (stranger !== undefined) return [{ kind: 'merged', ref: contactRef(row.id), into: contactRef(stranger.id) }];
  const message = 'HubSpot answered the write without naming this contact';
  return [failed(row.id, new ConnectorError({ kind: 'retry', crm: 'hubspot', message, code: 'NO_ANSWER' }))];
}

function survivorOf(id: string, strangers: readonly HubSpotObject[]): string | null {
  const survivor = strangers.find((record) => mergedIds(record).includes(id));
  return survivor?.id ?? null;
}

function writtenAt(result: HubSpotObject): string | null {
  const known = result.properties.lastmodifieddate ?? result.updatedAt ?? null;
  return known === null ? null : modifiedAt(result);
}

/** The rows that errors name by id in their context, each with its error. */
function namedRows(rows: readonly Row[], errors: readonly RowError[]): ReadonlyMap<string, RowError> {
  const ids = new Set(rows.map((row) => row.id));
  const named = new Map<string, RowError>();
  for (const error of errors) {
    for (const id of failedIds(error)) {
      if (ids.has(id)) named.set(id, error);
    }
  }
  return named;
}

function outcomeOf(id: string, error: RowError): WriteResult {
  if (isObjectNotFound(error)) return gone(id);
  return failed(id, rowFailure(error));
}

function rowFailure(error: RowError): ConnectorError {
  return new ConnectorError({
    kind: 'invalid',
    crm: 'hubspot',
    message: `HubSpot refused the scores of a contact: ${redactPersonalData(error.message ?? 'without a reason')}`,
    code: error.subCategory ?? error.code ?? error.category ?? 'REFUSED',
    fix: "Check the portal's rules for contact properties.",
  });
}

function gone(id: string): WriteResult {
  return { kind: 'gone', ref: contactRef(id) };
}

function failed(id: string, error: ConnectorError): WriteResult {
  return { kind: 'failed', ref: contactRef(id), error };
}

// Codes of HubSpot that mean the portal, not the contact: the same for every row until somebody changes the portal.
const CONFIGURATION_CODES = [
  'PROPERTY_DOESNT_EXIST',
  'INVALID_OPTION',
  'READ_ONLY_VALUE',
  // The property has another type than ours.
  'INVALID_LONG',
  'INVALID_INTEGER',
  'INVALID_DOUBLE',
  'INVALID_DATE',
] as const;

function throwIfConfiguration(body: ErrorBody, error: ConnectorError): void {
  const texts = [
    body.message,
    body.category,
    body.subCategory,
    ...(body.errors ?? []).flatMap((each) => [each.message, each.code, each.category, each.subCategory]),
    ...(body.validationResults ?? []).map((each) => each.error),
  ];
  const code = CONFIGURATION_CODES.find((each) => texts.some((text) => text?.includes(each)));
  if (code === undefined) return;
  throw new ConnectorError({
    kind: 'configuration',
    crm: 'hubspot',
    message: error.message,
    code,
    fix: 'Run leadgrade setup: it creates missing properties and adds missing options.',
    cause: error,
  });
}
