// Many scores at once: a Bulk API 2.0 job, for which Salesforce makes its own batches. A job is opened, handed all rows as CSV,
// closed, and looked at until it is over; its id is all that is needed to go on with it after a kill.
// https://developer.salesforce.com/docs/platform/api-asynch/guide/bulk-api-2-0-ingest.html
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import type { BulkState, BulkWrites, RecordRef, ScorePatch, WriteResult } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import { redactPersonalData } from '../../kit/redact.ts';
import type { SalesforceParts } from '../streams/stream.ts';
import { describeAgain } from './own-fields.ts';
import { missingResult, type RowError, resultsOfRefused, toConfigurationError } from './refused-rows.ts';

// Salesforce takes 100 MB (150 once they are encoded); these bound our own memory.
const MOST_ROWS = 20_000;
const MOST_BYTES = 20_000_000;

/** What empties a field; an empty cell leaves it is. */
const EMPTY = '#N/A';

const jobAnswer = z.looseObject({ id: z.string(), state: z.string(), errorMessage: z.string().nullish() });

/** @param until what a call's signal becomes */
export function createBulkWrites(
  parts: SalesforceParts,
  until: (signal: AbortSignal) => AbortSignal = (signal) => signal,
): BulkWrites {
  const { http, settings } = parts;
  return {
    minRows: settings.SALESFORCE_BULK_WRITE_FROM,
    maxRows: MOST_ROWS,
    maxBytes: MOST_BYTES,
    open: async (object, signal) => {
      await describeAgain(parts, object, until(signal));
      const body = { object, operation: 'update', contentType: 'CSV', columnDelimiter: 'COMMA', lineEnding: 'LF' };
      const call = { what: `opening a bulk write of ${object} records`, method: 'POST' as const, path: '/jobs/ingest' };
      return (await http.call({ ...call, body, answer: jobAnswer }, until(signal))).id;
    },
    send: (job, patches, signal) => send(parts, job, patches, until(signal)),
    status: (job, signal) => look(parts, job, until(signal)),
    results: (job, refs, signal) => outcomesOf(parts, job, refs, until(signal)),
    abort: (job, signal) => setState(parts, job, 'Aborted', until(signal)),
  };
}

async function send(
  parts: SalesforceParts,
  job: string,
  patches: readonly ScorePatch[],
  signal: AbortSignal,
): Promise<void> {
  const what = 'handing over a bulk write';
  const body = toCsv(parts, patches);
  const path = `/jobs/ingest/${job}/batches`;
  try {
    await parts.http.call({ what, method: 'PUT', path, body, answer: z.unknown() }, signal);
  } catch (error) {
    // Rows are taken once: a repeat is refused where only the answer to the first was lost. Without rows it cannot be closed.
    if (!(error instanceof ConnectorError) || error.code !== 'INVALIDJOBSTATE') throw error;
  }
  await setState(parts, job, 'UploadComplete', signal);
}

async function setState(
  { http }: SalesforceParts,
  job: string,
  state: 'UploadComplete' | 'Aborted',
  signal: AbortSignal,
): Promise<void> {
  const what = state === 'Aborted' ? 'giving up a bulk write' : 'starting a bulk write';
  const path = `/jobs/ingest/${job}`;
  await http.call({ what, method: 'PATCH', path, body: { state }, answer: z.unknown() }, signal);
}

/** RFC 4180, with the line ends that the job was opened with, in cells as well. */
function toCsv({ mapping }: SalesforceParts, patches: readonly ScorePatch[]): string {
  const names = writtenFields(mapping);
  const lines = patches.map(({ ref, values }) => [
    ref.id,
    // A field that a patch does not have is left as it is.
    ...names.map(({ field }) => (values[field] === undefined ? '' : toCell(values[field]))),
  ]);
  return [['Id', ...names.map(({ property }) => property)], ...lines].map((cells) => `${cells.join(',')}\n`).join('');
}

function toCell(value: string | number | null): string {
  if (value === null || value === '') return EMPTY;
  if (typeof value === 'number') return String(value);
  return `"${value.replaceAll(/\r\n?/g, '\n').replaceAll('"', '""')}"`;
}

async function look({ http, schema }: SalesforceParts, job: string, signal: AbortSignal): Promise<BulkState> {
  const call = { what: 'looking at a bulk write', path: `/jobs/ingest/${job}`, answer: jobAnswer };
  try {
    const { state, errorMessage } = await http.call(call, signal);
    if (state === 'Failed') {
      schema.forget();
      return { kind: 'failed', error: failure(errorMessage ?? '') };
    }
    return { kind: STATES[state] ?? 'under-way' };
  } catch (error) {
    // Salesforce keeps jobs for a week.
    if (error instanceof ConnectorError && error.kind === 'not-found') return { kind: 'ended' };
    throw error;
  }
}

const STATES: Readonly<Record<string, 'open' | 'done' | 'ended'>> = {
  Open: 'open',
  JobComplete: 'done',
  Aborted: 'ended',
};

/** A job as a whole fails for its columns, or for trouble of Salesforce's own. */
function failure(message: string): ConnectorError {
  if (/^InvalidBatch\b.*\bfield/i.test(message))
    return toConfigurationError({ code: 'InvalidBatch', message, fields: [] });
  const said = redactPersonalData(message) || 'without a reason';
  const isPassing = /internal|timeout/i.test(message);
  return new ConnectorError({
    kind: isPassing ? 'retry' : 'invalid',
    crm: 'salesforce',
    message: `Salesforce gave up a bulk write: ${said}`,
    code: 'BULK_FAILED',
    ...(isPassing ? {} : { fix: 'See Bulk Data Load Jobs in the Setup of Salesforce.' }),
  });
}

const REFUSED = /^(?<code>\w+):(?<message>[\s\S]*):(?<fields>[\w., ]*)--\s*$/;

async function outcomesOf(
  parts: SalesforceParts,
  job: string,
  refs: readonly RecordRef[],
  signal: AbortSignal,
): Promise<readonly WriteResult[]> {
  const written = new Set((await readResults(parts, job, 'successfulResults', signal)).map(({ id }) => key(id)));
  const failed = await readResults(parts, job, 'failedResults', signal);
  const refused = new Map(failed.map(({ id, error }) => [key(id), error]));
  const rows = refs.flatMap((ref) => {
    const error = refused.get(key(ref.id));
    return error === undefined || written.has(key(ref.id)) ? [] : [{ ref, error: toRowError(error) }];
  });
  // A job cannot say that an alert of a duplicate rule is none of its business; a collection can.
  const alerted = rows.filter(({ error }) => error.code === 'DUPLICATES_DETECTED');
  const others = rows.filter(({ error }) => error.code !== 'DUPLICATES_DETECTED');
  return [
    ...alerted.map(({ ref }) => missingResult(ref)),
    ...(await resultsOfRefused(
      parts,
      others.map(({ ref, error }) => ({ ref, errors: [error] })),
      signal,
    )),
    ...refs.flatMap((ref): WriteResult[] => {
      if (written.has(key(ref.id))) return [{ kind: 'written', ref, modifiedAt: null }];
      // Not even tried: a job that was broken off leaves some unprocessed.
      return refused.has(key(ref.id)) ? [] : [missingResult(ref)];
    }),
  ];
}

/** The last three of 18 characters are a checksum. */
function key(id: string): string {
  return id.slice(0, 15);
}

/** `CODE:message:fields --` */
function toRowError(text: string): RowError {
  const { code = '', message = '', fields = '' } = REFUSED.exec(text)?.groups ?? {};
  if (code === '') return { code: /^\w+/.exec(text)?.[0] ?? '', message: text, fields: [] };
  return { code, message, fields: fields.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()])) };
}

const rowsSchema = z.array(z.array(z.string()));

async function readResults(
  { http }: SalesforceParts,
  job: string,
  kind: 'successfulResults' | 'failedResults',
  signal: AbortSignal,
): Promise<readonly { readonly id: string; readonly error: string }[]> {
  const call = {
    what: 'reading the results of a bulk write',
    path: `/jobs/ingest/${job}/${kind}`,
    headers: { accept: 'text/csv' },
    isCsv: true as const,
    answer: z.string(),
  };
  const [columns = [], ...rows] = tableOf(await http.call(call, signal));
  const [own, id, error] = ['Id', 'sf__Id', 'sf__Error'].map((name) => columns.indexOf(name));
  // What we sent names the record, also where Salesforce's own column is empty.
  return rows.map((row) => ({ id: row[own ?? -1] || (row[id ?? -1] ?? ''), error: row[error ?? -1] ?? '' }));
}

function tableOf(csv: string): string[][] {
  try {
    return rowsSchema.parse(parse(csv, { skip_empty_lines: true }));
  } catch {
    // The parser's own error quotes the text, which may be anybody's data.
    const message = 'The results of a bulk write are cut off, or no CSV';
    throw new ConnectorError({ kind: 'retry', crm: 'salesforce', message, code: 'UNREADABLE' });
  }
}
