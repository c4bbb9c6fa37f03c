// Counts the cells that were read as unknown, so that each kind is said once at the end instead of
// once per row. Memory is bounded: a few texts per kind.

export type NoteKind =
  /** A text such as N/A, which means unknown by default. */
  | 'unknown-text'
  /** A date that stands for none, such as 1970-01-01. */
  | 'empty-date'
  | 'country'
  | 'boolean'
  /** NA in a column of countries, which is Namibia. */
  | 'namibia'
  /** Text whose encoding was lost: Ã¼ for ü. */
  | 'garbled'
  /** The date of an activity after the instant of scoring. */
  | 'future-date';

interface NotedCells {
  cells: number;
  readonly columns: Set<string>;
  /** Counts by text. */
  readonly texts: Map<string, number>;
}

const MAX_TEXTS = 200;
const MAX_SAID = 6;
const MAX_QUOTED_LENGTH = 40;

export class CellNotes {
  readonly #kinds = new Map<NoteKind, NotedCells>();

  add(kind: NoteKind, column: string, text: string): void {
    const noted = this.#kinds.get(kind) ?? { cells: 0, columns: new Set(), texts: new Map() };
    this.#kinds.set(kind, noted);
    noted.cells++;
    noted.columns.add(column);
    const shown = isShown(kind, text) ? text : '';
    const count = noted.texts.get(shown);
    if (count !== undefined || noted.texts.size < MAX_TEXTS) noted.texts.set(shown, (count ?? 0) + 1);
  }

  /** One line per kind, with the line to write in the mapping. */
  lines(): readonly string[] {
    return [...this.#kinds].map(([kind, noted]) => SENTENCES[kind](noted));
  }
}

/** A row with a shifted cell can have an address where a country should be. */
function isShown(kind: NoteKind, text: string): boolean {
  if (kind !== 'country' && kind !== 'boolean') return true;
  return text.length <= MAX_QUOTED_LENGTH && !/[@\d]/.test(text);
}

const SENTENCES: Readonly<Record<NoteKind, (noted: NotedCells) => string>> = {
  'unknown-text': (noted) =>
    `${counted(noted)} read as unknown: ${textsOf(noted)} (${columnsOf(noted)}). ` +
    `For more texts write unknown: [...] under csv; to keep one as a value write known: [${firstOf(noted)}].`,
  'empty-date': (noted) =>
    `${counted(noted)} read as unknown: ${textsOf(noted)}, which programs write for an empty date (${columnsOf(noted)}).`,
  country: (noted) =>
    `${counted(noted)} read as unknown: no country that Leadgrade knows: ${textsOf(noted)} (${columnsOf(noted)}). ` +
    `Translate them with a table: tables: { countries: { ${firstOf(noted)}: the code } }, and table: countries at the field; or list them under csv.unknown.`,
  boolean: (noted) =>
    `${counted(noted)} read as unknown: neither yes nor no: ${textsOf(noted)} (${columnsOf(noted)}). ` +
    `Translate them with a table: tables: { answers: { ${firstOf(noted)}: true } }, and table: answers at the field; or list them under csv.unknown.`,
  garbled: (noted) =>
    `${noted.cells === 1 ? '1 cell has' : `${formatCount(noted.cells)} cells have`} text whose encoding was lost, such as Ã¼ for ü (${columnsOf(noted)}). ` +
    'Words are not found in it. Export the file again as UTF-8.',
  'future-date': (noted) =>
    `${counted(noted)} dated after the instant of scoring, so that the activity does not count yet: ${textsOf(noted)} (${columnsOf(noted)}). ` +
    'Correct the year, or give the day of the export with --as-of.',
  namibia: (noted) =>
    `${counted(noted)} read as Namibia: NA (${columnsOf(noted)}). If it means "not available", write unknown: ["NA"] under csv.`,
};

function counted({ cells }: NotedCells): string {
  return cells === 1 ? '1 cell is' : `${formatCount(cells)} cells are`;
}

function textsOf({ texts }: NotedCells): string {
  const sorted = [...texts].toSorted((a, b) => b[1] - a[1]);
  const said = sorted.slice(0, MAX_SAID).map(([text, count]) => {
    return `${text === '' ? 'texts that are not shown' : `"${text}"`}${texts.size === 1 ? '' : ` ${formatCount(count)}`}`;
  });
  return [...said, ...(sorted.length > MAX_SAID ? ['...'] : [])].join(', ');
}

function firstOf({ texts }: NotedCells): string {
  const [[text] = ['']] = [...texts].toSorted((a, b) => b[1] - a[1]);
  // In quotes, as YAML reads null and no as something else.
  return JSON.stringify(text === '' ? 'the text' : text);
}

function columnsOf({ columns }: NotedCells): string {
  const names = [...columns].map((column) => `"${column}"`);
  return `${names.length === 1 ? 'column' : 'columns'} ${names.join(', ')}`;
}

/** 1204 -> 1,204 */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}
