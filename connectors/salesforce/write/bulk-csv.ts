// The CSV of a bulk write: the rows to upload, and the rows of a result file.
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import type { ScorePatch } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';

/** Clears a field; an empty cell leaves the field unchanged. */
const CLEARED = '#N/A';

/**
 * RFC 4180 with LF line ends, as declared when the job was opened; line breaks within cells are LF
 * as well.
 */
export function toCsv(mapping: Mapping, patches: readonly ScorePatch[]): string {
  const fields = writtenFields(mapping);
  const lines = patches.map(({ ref, values }) => [
    ref.id,
    // A field that the patch does not have stays unchanged.
    ...fields.map(({ key }) => (values[key] === undefined ? '' : toCell(values[key]))),
  ]);
  return [['Id', ...fields.map(({ property }) => property)], ...lines].map((cells) => `${cells.join(',')}\n`).join('');
}

function toCell(value: string | number | null): string {
  if (value === null || value === '') return CLEARED;
  if (typeof value === 'number') return String(value);
  return `"${value.replaceAll(/\r\n?/g, '\n').replaceAll('"', '""')}"`;
}

const rowsSchema = z.array(z.array(z.string()));

/** @throws ConnectorError `retry` if the file is truncated or not valid CSV */
export function parseResultCsv(csv: string): string[][] {
  try {
    return rowsSchema.parse(parse(csv, { skip_empty_lines: true }));
  } catch {
    // The parser's own error quotes the text, which may contain personal data.
    const message = 'The results of a bulk write are truncated or not valid CSV';
    throw new ConnectorError({ kind: 'retry', crm: 'salesforce', message, code: 'UNREADABLE' });
  }
}
