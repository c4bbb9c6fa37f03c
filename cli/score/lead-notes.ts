// What leads in NDJSON have that gives them fewer points without an error, counted and said once at
// the end: values of the wrong kind, misspelled names, dates to come. Values are not quoted: they may
// be personal data.
import { CANONICAL_ACTIVITIES } from '../../src/domain/canonical.ts';
import type { Fields, FieldValue, Lead } from '../../src/domain/lead.ts';
import { unknownTexts } from '../../src/mapping/values/unknown-texts.ts';
import { closest } from '../../src/problems/suggest.ts';
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import { isOfKind, type WantedKind } from '../../src/scoring/lead-input/wanted-kind.ts';
import { modelActivities, modelFields } from '../../src/scoring/model-fields.ts';
import { SeenIds } from './seen-ids.ts';

const isPlaceholder = unknownTexts({});
// Names of fields and types are the file's; their number must not fill the memory.
const MAX_NAMES = 1000;

const WANTED: Readonly<Record<WantedKind, string>> = {
  number: 'a number: write 1200, not "1,200" or "51-200"',
  boolean: 'true or false, without quotes',
  country: 'a country code of two letters: write "DE", not "Germany"',
};

export interface ScoredBy {
  readonly compiled: CompiledModel;
  /** The fields that the model compares with values of one kind. */
  readonly kinds: ReadonlyMap<string, WantedKind>;
  /** The instant of scoring, in epoch milliseconds. */
  readonly asOf: number;
}

export class LeadNotes {
  readonly #asked: ReadonlySet<string>;
  readonly #types: ReadonlySet<string>;
  readonly #kinds: ReadonlyMap<string, WantedKind>;
  readonly #asOf: number;
  readonly #unseen: Set<string>;
  readonly #ids = new SeenIds();
  readonly #placeholders = new Map<string, number>();
  readonly #wrongKind = new Map<string, number>();
  readonly #misspelled = new Map<string, { readonly meant: string | null; count: number }>();
  #leads = 0;
  #repeated = 0;
  #future = 0;

  constructor({ compiled, kinds, asOf }: ScoredBy) {
    this.#asked = new Set(modelFields(compiled).keys());
    this.#types = new Set(modelActivities(compiled));
    this.#kinds = kinds;
    this.#unseen = new Set(this.#asked);
    this.#asOf = asOf;
  }

  add({ id, fields, activities }: Lead): void {
    this.#leads++;
    if (this.#ids.add(id)) this.#repeated++;
    for (const field of this.#asked) {
      const value = fields[field];
      if (value === undefined) continue;
      this.#unseen.delete(field);
      this.#addValue(field, value);
    }
    for (const name of Object.keys(fields)) {
      if (!this.#asked.has(name)) this.#addName('field', name, () => this.#missingFrom(fields));
    }
    for (const { type, at } of activities) {
      if (!this.#types.has(type)) this.#addType(type);
      else if (at > this.#asOf) this.#future++;
    }
  }

  #addValue(field: string, value: FieldValue): void {
    const kind = this.#kinds.get(field);
    for (const each of [value].flat()) {
      if (each === null || (typeof each === 'string' && each.trim() === '')) continue;
      // Namibia.
      const isCode = each === 'NA' && field.endsWith('country');
      if (typeof each === 'string' && !isCode && isPlaceholder(each) !== null) increase(this.#placeholders, field);
      else if (kind !== undefined && !isOfKind(each, kind)) increase(this.#wrongKind, field);
    }
  }

  #missingFrom(fields: Fields): readonly string[] {
    return [...this.#asked].filter((field) => !Object.hasOwn(fields, field));
  }

  #addType(type: string): void {
    if (!Object.hasOwn(CANONICAL_ACTIVITIES, type)) this.#addName('activity type', type, () => [...this.#types]);
  }

  #addName(what: string, name: string, listKnown: () => readonly string[]): void {
    const key = `${what} ${name}`;
    const found = this.#misspelled.get(key);
    if (found !== undefined) found.count++;
    else if (this.#misspelled.size < MAX_NAMES) {
      const known = listKnown();
      const inOtherCase = known.find((each) => each.toLowerCase() === name.toLowerCase());
      this.#misspelled.set(key, { meant: inOtherCase ?? closest(name, known), count: 1 });
    }
  }

  lines(): readonly string[] {
    return [
      ...this.#placeholderLines(),
      ...[...this.#wrongKind].map(([field, count]) => {
        const values = count === 1 ? `1 value of ${field} matches` : `${count} values of ${field} match`;
        return `${values} no case of the model, which compares it with ${WANTED[this.#kinds.get(field) ?? 'number']}.`;
      }),
      ...[...this.#misspelled].flatMap(([name, { meant, count }]) => {
        if (meant === null) return [];
        return [`The model does not ask for the ${name} (${times(count)}): did you mean ${meant}?`];
      }),
      ...(this.#future === 0
        ? []
        : [
            `${this.#future === 1 ? '1 activity is' : `${this.#future} activities are`} dated after the instant of scoring (--as-of) and so not counted yet.`,
          ]),
      ...(this.#repeated === 0
        ? []
        : [
            `${this.#repeated === 1 ? '1 line repeats' : `${this.#repeated} lines repeat`} the id of an earlier line. Each is scored as a lead of its own.`,
          ]),
      ...this.#unseenLines(),
    ];
  }

  #placeholderLines(): readonly string[] {
    const values = [...this.#placeholders.values()].reduce((sum, count) => sum + count, 0);
    if (values === 0) return [];
    const counted =
      values === 1 ? '1 value such as "N/A" or "None" counts' : `${values} values such as "N/A" or "None" count`;
    const fields = [...this.#placeholders.keys()].join(', ');
    return [`${counted} as known (${fields}). Write null where the value is unknown.`];
  }

  #unseenLines(): readonly string[] {
    if (this.#leads < 2 || this.#unseen.size === 0) return [];
    const fields = [...this.#unseen].join(', ');
    return [`The model asks for ${fields}, which no lead has: unknown for all ${this.#leads} leads.`];
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
