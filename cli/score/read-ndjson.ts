// Reads leads from NDJSON, one a line.
import { parseLead } from '../../src/scoring/lead-input/parse-lead.ts';
import { findRepeatedKey } from '../../src/scoring/lead-input/repeated-key.ts';
import type { CommandIo } from '../terminal/io.ts';
import { readLines } from '../terminal/read-lines.ts';
import type { Entry, Source } from './entries.ts';
import { LeadNotes, type ScoredBy } from './lead-notes.ts';

export function readNdjson(io: CommandIo, chunks: AsyncIterable<Uint8Array | string>, scoredBy: ScoredBy): Source {
  const print = (text: string) => io.stderr.write(`${text}\n`);
  return {
    entries: readEntries(chunks, new LeadNotes(scoredBy), print),
    outcomeName: '',
    reportRejected: (count) => {
      print(`${count === 1 ? '1 line is' : `${count} lines are`} not scored; the output has the reason for each.`);
    },
  };
}

async function* readEntries(
  chunks: AsyncIterable<Uint8Array | string>,
  notes: LeadNotes,
  print: (text: string) => void,
): AsyncGenerator<Entry> {
  let number = 0;
  let isDocument = false;
  for await (const line of readLines(chunks)) {
    number++;
    if (line?.trim() === '') continue;
    isDocument ||= line !== null && number === 1 && /^\s*(?:\[|\{)\s*$/.test(line);
    const entry = toEntry(line, number);
    yield entry;
    if (!('error' in entry)) notes.add(entry.lead);
  }
  if (number === 0) print('The input is empty.');
  if (isDocument)
    print('The input is one JSON document over several lines. Write one lead per line: jq -c ".[]" does.');
  for (const note of notes.lines()) print(note);
}

function toEntry(line: string | null, number: number): Entry {
  if (line === null) return { id: null, error: { code: 'invalid_json', message: NOT_UTF8, path: '', line: number } };
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The message of JSON.parse quotes the line, which is personal data.
    return { id: null, error: { code: 'invalid_json', message: notJson(line), path: '', line: number } };
  }
  const parsed = parseLead(value);
  const repeated = findRepeatedKey(line, value);
  if (repeated !== null) {
    const id = 'error' in parsed ? parsed.error.id : parsed.lead.id;
    return { id, error: { code: 'invalid_lead', message: STANDS_TWICE, path: repeated, line: number } };
  }
  if (!('error' in parsed)) return { lead: parsed.lead, outcome: null };
  const { id, message, path } = parsed.error;
  const isList = Array.isArray(value);
  const said = isList ? 'is a list. Write one lead per line, without brackets and commas around them.' : message;
  return { id, error: { code: 'invalid_lead', message: said, path, line: number } };
}

const NOT_UTF8 = 'is not UTF-8. Write the lines in UTF-8.';
const STANDS_TWICE = 'stands twice. Keep one of them.';

function notJson(line: string): string {
  const text = line.trim();
  if (text.includes('\0')) return 'contains zero bytes: it is probably UTF-16. Write the lines in UTF-8.';
  if (/^[[\]{}],?$/.test(text) || /^"[^"]*":/.test(text)) {
    return 'is a part of an object or a list. Write each lead on one line, without commas between the lines.';
  }
  if (text.endsWith('},'))
    return 'ends with a comma. Write each lead on a line of its own, without commas between the lines.';
  if (!text.startsWith('{'))
    return 'is not JSON. Each line is one lead: {"id": "1", "fields": {}}. For CSV, use --csv.';
  const word = /[:,[]\s*(NaN|-?Infinity|None|True|False|undefined)\b/.exec(text)?.[1];
  if (word !== undefined) return `is not valid JSON: ${word} is not a value of JSON. Write null, true or false.`;
  if (/^\{\s*'/.test(text)) return 'is not valid JSON: names and texts need double quotes.';
  return text.endsWith('}') ? 'is not valid JSON. Check quotes and commas.' : 'is not valid JSON: the line is cut off.';
}
