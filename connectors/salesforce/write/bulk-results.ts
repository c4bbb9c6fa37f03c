// The results of a finished bulk write -> one write result per record.
import { z } from 'zod';
import type { RecordRef, WriteResult } from '../../../src/crm/connector.ts';
import type { SalesforceParts } from '../parts.ts';
import { parseResultCsv } from './bulk-csv.ts';
import { resultsOfRefusedRows } from './refused-rows.ts';
import { missingResult, type RowError } from './row-errors.ts';

/** @throws ConnectorError `configuration` as `resultsOfRefusedRows` */
export async function readBulkResults(
  parts: SalesforceParts,
  jobId: string,
  refs: readonly RecordRef[],
  signal: AbortSignal,
): Promise<readonly WriteResult[]> {
  const succeeded = await readResultRows(parts, jobId, 'successfulResults', signal);
  const written = new Set(succeeded.map(({ id }) => shortId(id)));
  const failed = await readResultRows(parts, jobId, 'failedResults', signal);
  const refused = new Map(failed.map(({ id, error }) => [shortId(id), error]));
  const rows = refs.flatMap((ref) => {
    const error = refused.get(shortId(ref.id));
    return error === undefined || written.has(shortId(ref.id)) ? [] : [{ ref, error: toRowError(error) }];
  });
  const alerted = rows.filter(({ error }) => ONLY_BY_COLLECTION.has(error.code));
  const others = rows.filter(({ error }) => !ONLY_BY_COLLECTION.has(error.code));
  return [
    ...alerted.map(({ ref }) => missingResult(ref)),
    ...(await resultsOfRefusedRows(
      parts,
      others.map(({ ref, error }) => ({ ref, errors: [error] })),
      signal,
    )),
    ...refs.flatMap((ref): WriteResult[] => {
      if (written.has(shortId(ref.id))) return [{ kind: 'written', ref, modifiedAt: null }];
      // An aborted job leaves some rows unprocessed, without any result.
      return refused.has(shortId(ref.id)) ? [] : [missingResult(ref)];
    }),
  ];
}

/**
 * A bulk job cannot override a duplicate rule that only alerts, and its rows are Contacts: a
 * collection call can override the rule, and writes a person account through its Account. Such a
 * row is retried.
 */
const ONLY_BY_COLLECTION: ReadonlySet<string> = new Set(['DUPLICATES_DETECTED', 'INVALID_PERSON_ACCOUNT_OPERATION']);

/** The last three of 18 characters are a checksum. */
function shortId(id: string): string {
  return id.slice(0, 15);
}

const ROW_ERROR = /^(?<code>\w+):(?<message>[\s\S]*):(?<fields>[\w., ]*)--\s*$/;

/** Parses `CODE:message:fields --`. */
function toRowError(text: string): RowError {
  const { code = '', message = '', fields = '' } = ROW_ERROR.exec(text)?.groups ?? {};
  if (code === '') return { code: /^\w+/.exec(text)?.[0] ?? '', message: text, fields: [] };
  return { code, message, fields: fields.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()])) };
}

async function readResultRows(
  { http }: SalesforceParts,
  jobId: string,
  kind: 'successfulResults' | 'failedResults',
  signal: AbortSignal,
): Promise<readonly { readonly id: string; readonly error: string }[]> {
  const call = {
    what: 'reading the results of a bulk write',
    path: `/jobs/ingest/${jobId}/${kind}`,
    headers: { accept: 'text/csv' },
    isCsv: true as const,
    responseSchema: z.string(),
  };
  const [columns = [], ...rows] = parseResultCsv(await http.call(call, signal));
  const [sentId, id, error] = ['Id', 'sf__Id', 'sf__Error'].map((name) => columns.indexOf(name));
  // The uploaded ID names the record even where Salesforce's own column is empty.
  return rows.map((row) => ({ id: row[sentId ?? -1] || (row[id ?? -1] ?? ''), error: row[error ?? -1] ?? '' }));
}
