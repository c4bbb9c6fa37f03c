// The rows that Salesforce refused -> write results. Shared by collection calls and bulk jobs.
import type { RecordRef, WriteResult } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import type { SalesforceParts } from '../parts.ts';
import { fetchLeads } from '../people/fetch-leads.ts';
import { canWrite } from './own-fields.ts';
import { decidingError, NO_RESULT, type RowError, toConfigurationError, toRecordError } from './row-errors.ts';

export interface RefusedRow {
  readonly ref: RecordRef;
  readonly errors: readonly RowError[];
}

interface RowWithError {
  readonly ref: RecordRef;
  readonly error: RowError;
}

/**
 * One result per row, in any order. Fetches records that may be deleted, merged or converted.
 * @throws ConnectorError `configuration` for an error that is equal for every record until the org
 * is changed
 */
export async function resultsOfRefusedRows(
  parts: SalesforceParts,
  rows: readonly RefusedRow[],
  signal: AbortSignal,
): Promise<readonly WriteResult[]> {
  const ownFields = new Set(writtenFields(parts.mapping).map(({ property }) => property.toLowerCase()));
  const decided = rows.map(({ ref, errors }) => ({ ref, ...decidingError(errors, ownFields) }));
  const configuration = decided.find(({ meaning }) => meaning === 'configuration');
  if (configuration !== undefined) {
    // The cached description is outdated.
    parts.schema.invalidate();
    throw toConfigurationError(configuration.error);
  }
  await throwUnlessWritable(
    parts,
    decided.filter(({ meaning }) => meaning === 'access'),
    signal,
  );
  const missing = decided.filter(({ meaning }) => meaning === 'missing');
  const others = decided.filter(({ meaning }) => meaning !== 'missing');
  return [
    ...others.map(({ ref, meaning, error }): WriteResult => {
      return { kind: 'failed', ref, error: toRecordError(error, meaning === 'retry' ? 'retry' : 'invalid') };
    }),
    ...(await resultsOfMissingRecords(parts, missing, signal)),
  ];
}

/**
 * If this user can edit our fields in general, only these records are closed to the user: that is
 * no configuration error.
 */
async function throwUnlessWritable(parts: SalesforceParts, rows: readonly RowWithError[], signal: AbortSignal) {
  if (rows.length === 0) return;
  // The current permissions decide, not the cached ones.
  parts.schema.invalidate();
  for (const { ref, error } of rows) {
    if (!(await canWrite(parts, ref.object, signal))) throw toConfigurationError(error);
  }
}

async function resultsOfMissingRecords(
  parts: SalesforceParts,
  rows: readonly RowWithError[],
  signal: AbortSignal,
): Promise<readonly WriteResult[]> {
  if (rows.length === 0) return [];
  try {
    const refs = rows.map(({ ref }) => ref);
    const fetched = await fetchLeads(parts, refs, signal);
    return fetched.map((lead): WriteResult => {
      if (lead.kind === 'merged') return { kind: 'merged', ref: lead.ref, into: lead.into };
      if (lead.kind === 'gone') return { kind: 'gone', ref: lead.ref };
      // The record was restored in the meantime.
      const error = rows.find(({ ref }) => ref.id === lead.ref.id)?.error;
      return { kind: 'failed', ref: lead.ref, error: toRecordError(error ?? NO_RESULT, 'retry') };
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ConnectorError)) throw error;
    // The other records of the call are written: this error must not discard their results.
    return rows.map(({ ref, error: rowError }) => ({ kind: 'failed', ref, error: toRecordError(rowError, 'retry') }));
  }
}
