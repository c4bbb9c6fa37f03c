// Reads leads from NDJSON, one a line.
import { parseLead } from '../../src/scoring/parse-lead.ts';
import type { CommandIo } from '../terminal/io.ts';
import { readLines } from '../terminal/read-lines.ts';
import type { Entry, Source } from './entries.ts';

export function readNdjson(io: CommandIo, chunks: AsyncIterable<Uint8Array | string>): Source {
  return {
    entries: readEntries(chunks),
    outcomeName: '',
    reportRejected: (count) => io.stderr.write(`${count} lines are not valid leads; the output contains the errors.\n`),
  };
}

async function* readEntries(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<Entry> {
  for await (const line of readLines(chunks)) if (line.trim() !== '') yield toEntry(line);
}

function toEntry(line: string): Entry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The message of JSON.parse quotes the line, which is personal data.
    return { id: null, error: { code: 'invalid_json', message: 'not valid JSON', path: '' } };
  }
  const parsed = parseLead(value);
  if (!('error' in parsed)) return { lead: parsed.lead, outcome: null };
  const { id, message, path } = parsed.error;
  return { id, error: { code: 'invalid_lead', message, path } };
}
