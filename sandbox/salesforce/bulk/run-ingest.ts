// Parses the rows of an upload and writes them one by one.
import { parse } from 'csv-parse/sync';
import type { Automation } from '../records/automation.ts';
import type { RecordError } from '../salesforce-error.ts';
import { SalesforceError } from '../salesforce-error.ts';
import type { FieldDefinition } from '../schema/field.ts';
import type { ObjectType } from '../schema/object-type.ts';
import { updateRecord, type WriteContext } from '../write/write-record.ts';
import type { IngestJob } from './bulk-jobs.ts';

const NULL = '#N/A';

/** Parses the uploaded CSV. @returns why the whole job fails, or null */
export function readUpload({ org }: WriteContext, job: IngestJob): string | null {
  const csv = job.csv ?? '';
  // The line ending also applies within a cell:
  // https://developer.salesforce.com/docs/platform/api-asynch/guide/datafiles-prepare-csv.html
  const fits = job.lineEnding === 'LF' ? !csv.includes('\r\n') : !/(?<!\r)\n/.test(csv);
  if (!fits) {
    return `ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is ${job.lineEnding}`;
  }
  const table = tableOf(csv);
  if (typeof table === 'string') return table;
  const [columns = [], ...rows] = table;
  const object = org.schema.object(job.object);
  const unknown = columns.find((name) => !object || !org.schema.field(object, name));
  if (unknown !== undefined) return `InvalidBatch : Field name not found : ${unknown}`;
  job.columns = columns;
  job.rows = rows;
  return null;
}

function tableOf(csv: string): string[][] | string {
  try {
    return parse(csv, { skip_empty_lines: true });
  } catch (error) {
    return `ClientInputError : Failed to parse CSV: ${error instanceof Error ? error.message : ''}`;
  }
}

/** The records of one transaction. */
const CHUNK_ROWS = 200;

/** Writes up to `maxRows` further rows. */
export function writeRows(
  { automation, ...writeContext }: WriteContext & { readonly automation: Automation },
  object: ObjectType,
  job: IngestJob,
  maxRows: number,
): void {
  const until = Math.min(job.rows.length, job.processed + maxRows);
  const transactionError = automation.transactionError(object.name, Math.min(CHUNK_ROWS, job.rows.length));
  const context = { ...writeContext, transactionError, assigns: job.assignmentRuleId !== null };
  for (; job.processed < until; job.processed++) {
    const row = job.rows[job.processed] ?? [];
    const { id, errors } = writeRow(context, object, job.columns, row);
    const [first] = errors;
    if (first) job.failures.push({ id, error: `${first.statusCode}:${first.message}:${fieldsOf(first)}--`, row });
    else job.successes.push({ id, row });
  }
}

function fieldsOf({ fields }: RecordError): string {
  return fields.length === 0 ? '' : `${fields.join(',')} `;
}

function writeRow(
  context: WriteContext,
  object: ObjectType,
  columns: readonly string[],
  row: readonly string[],
): { id: string; errors: readonly RecordError[] } {
  const values: Record<string, unknown> = {};
  let id = '';
  for (const [at, name] of columns.entries()) {
    const cell = row[at] ?? '';
    const field = context.org.schema.field(object, name);
    if (field?.type === 'id') id = cell;
    // An empty cell does not change the field.
    else if (field && cell !== '') values[field.name] = cell === NULL ? null : typed(field, cell);
  }
  if (id === '') return { id, errors: [{ statusCode: 'MISSING_ARGUMENT', message: 'Id not specified', fields: [] }] };
  try {
    const outcome = updateRecord(context, object, id, values);
    return outcome.success ? { id: outcome.id, errors: [] } : { id, errors: outcome.errors };
  } catch (error) {
    if (!(error instanceof SalesforceError)) throw error;
    return { id, errors: [{ statusCode: 'INVALID_TYPE_ON_FIELD_IN_RECORD', message: error.message, fields: [] }] };
  }
}

/** The JSON value of a cell for the field's type; a cell that cannot be parsed stays text. */
function typed({ type }: FieldDefinition, cell: string): unknown {
  if (type === 'boolean') return /^(true|false)$/i.test(cell) ? cell.toLowerCase() === 'true' : cell;
  if (type === 'int' || type === 'double' || type === 'currency') {
    return cell.trim() === '' || Number.isNaN(Number(cell)) ? cell : Number(cell);
  }
  return cell;
}
