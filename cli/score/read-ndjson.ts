// Reads leads from NDJSON, one a line.
import type { Fields } from '../../src/domain/lead.ts';
import { unknownTexts } from '../../src/mapping/values/unknown-texts.ts';
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import { parseLead } from '../../src/scoring/lead-input/parse-lead.ts';
import { modelFields } from '../../src/scoring/model-fields.ts';
import type { CommandIo } from '../terminal/io.ts';
import { readLines } from '../terminal/read-lines.ts';
import type { Entry, Source } from './entries.ts';

export function readNdjson(io: CommandIo, chunks: AsyncIterable<Uint8Array | string>, model: CompiledModel): Source {
  const print = (text: string) => io.stderr.write(`${text}\n`);
  return {
    entries: readEntries(chunks, model, print),
    outcomeName: '',
    reportRejected: (count) => {
      print(`${count === 1 ? '1 line is' : `${count} lines are`} not scored; the output has the reason for each.`);
    },
  };
}

async function* readEntries(
  chunks: AsyncIterable<Uint8Array | string>,
  model: CompiledModel,
  print: (text: string) => void,
): AsyncGenerator<Entry> {
  const asked = [...modelFields(model).keys()];
  const unseen = new Set(asked);
  const placeholders = new Placeholders(asked);
  let number = 0;
  let leads = 0;
  for await (const line of readLines(chunks)) {
    number++;
    if (line.trim() === '') continue;
    const entry = toEntry(line, number);
    yield entry;
    if ('error' in entry) continue;
    leads++;
    placeholders.add(entry.lead.fields);
    for (const field of unseen) if (Object.hasOwn(entry.lead.fields, field)) unseen.delete(field);
  }
  if (number === 0) print('The input is empty.');
  const line = placeholders.line();
  if (line !== null) print(line);
  if (leads > 1 && unseen.size > 0) {
    print(`The model asks for ${[...unseen].join(', ')}, which no lead has: unknown for all ${leads} leads.`);
  }
}

const isPlaceholder = unknownTexts({});

/** Counts values such as "N/A": NDJSON is not converted, so they are known values. */
class Placeholders {
  readonly #asked: readonly string[];
  readonly #fields = new Set<string>();
  #values = 0;

  constructor(asked: readonly string[]) {
    this.#asked = asked;
  }

  add(fields: Fields): void {
    for (const field of this.#asked) {
      const value = fields[field];
      // Namibia.
      if (value === 'NA' && field.endsWith('country')) continue;
      if (typeof value !== 'string' || value.trim() === '' || isPlaceholder(value) === null) continue;
      this.#values++;
      this.#fields.add(field);
    }
  }

  line(): string | null {
    if (this.#values === 0) return null;
    const values =
      this.#values === 1
        ? '1 value such as "N/A" or "None" counts'
        : `${this.#values} values such as "N/A" or "None" count`;
    return `${values} as known (${[...this.#fields].join(', ')}). Write null where the value is unknown.`;
  }
}

function toEntry(line: string, number: number): Entry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The message of JSON.parse quotes the line, which is personal data.
    return { id: null, error: { code: 'invalid_json', message: notJson(line), path: '', line: number } };
  }
  const parsed = parseLead(value);
  if (!('error' in parsed)) return { lead: parsed.lead, outcome: null };
  const { id, message, path } = parsed.error;
  const isList = Array.isArray(value);
  const said = isList ? 'is a list. Write one lead per line, without brackets and commas around them.' : message;
  return { id, error: { code: 'invalid_lead', message: said, path, line: number } };
}

function notJson(line: string): string {
  const text = line.trim();
  if (/^[[\]{}],?$/.test(text) || /^"[^"]*":/.test(text)) {
    return 'is a part of an object or a list. Write each lead on one line, without commas between the lines.';
  }
  if (text.endsWith('},'))
    return 'ends with a comma. Write each lead on a line of its own, without commas between the lines.';
  if (!text.startsWith('{'))
    return 'is not JSON. Each line is one lead: {"id": "1", "fields": {}}. For CSV, use --csv.';
  return text.endsWith('}') ? 'is not valid JSON. Check quotes and commas.' : 'is not valid JSON: the line is cut off.';
}
