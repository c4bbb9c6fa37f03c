// What a job title says about a person: level and department. Pure; the words are those of a
// dictionary (titles-schema.ts).

import { type Fields, UNREADABLE } from '../domain/lead.ts';
import { ownText } from '../domain/texts/own-text.ts';
import { findPhrases, indexPhrases, type PhraseIndex } from './phrases.ts';
import { partsOf, type Words } from './title-words.ts';
import type { TitleDictionary, TitleLevel } from './titles-schema.ts';

/** The fields that are made from `contact.job_title`. */
export const TITLE_FIELDS = ['contact.title_level', 'contact.title_department'] as const;
export type TitleField = (typeof TITLE_FIELDS)[number];

export interface TitleReader {
  level(title: string): TitleLevel;
  /** Null: no word of a department is in the title. */
  department(title: string): string | null;
}

/** Adds the fields that are made from the job title. */
export type AddTitleFields = (fields: Fields) => Fields;

type Level = keyof TitleDictionary['levels'];

/** Positions, from the highest one. */
const RANKS: readonly Level[] = ['executive', 'director', 'manager', 'specialist'];
/** Levels that count before a rank in the same part: a CEO's assistant is not a CEO. */
const BEFORE_RANKS: readonly Level[] = ['former', 'student', 'assistant'];
/** A portal has a few thousand titles; a long list of leads repeats them. */
const MAX_REMEMBERED = 20_000;

/** The results of repeated titles are remembered. The phrases are indexed when the first title is read. */
export function createTitleReader(dictionary: TitleDictionary): TitleReader {
  return {
    level: remembering(() => createLevelReader(dictionary)),
    department: remembering(() => createDepartmentReader(dictionary)),
  };
}

function remembering<T>(create: () => (title: string) => T): (title: string) => T {
  const remembered = new Map<string, T>();
  let read: ((title: string) => T) | null = null;
  return (title) => {
    const known = remembered.get(title);
    if (known !== undefined) return known;
    read ??= create();
    const value = read(title);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(ownText(title), value);
    return value;
  };
}

function createLevelReader(dictionary: TitleDictionary): (title: string) => TitleLevel {
  const levels = indexPhrases(
    [...RANKS, ...BEFORE_RANKS].flatMap((level) =>
      dictionary.levels[level].flat().map((phrase): [string, Level] => [phrase, level]),
    ),
  );
  const ignored = indexAll(dictionary.ignore.flat());
  const worksFor = indexAll(dictionary.works_for);
  return (title) => {
    const own = partsOf(title).map((words) => ownWords(withoutPhrases(words, ignored), worksFor));
    return levelOf(own, levels);
  };
}

function createDepartmentReader(dictionary: TitleDictionary): (title: string) => string | null {
  const departments = Object.entries(dictionary.departments).map(([name, phrases]): [string, PhraseIndex<true>] => [
    name,
    indexAll(phrases),
  ]);
  return (title) => departmentOf(partsOf(title), departments);
}

/**
 * @param wanted the fields to add
 * @returns adds them to the fields of a lead; what a mapping has filled stays, and without a job
 *   title both are unknown
 */
export function createTitleFields(
  dictionary: TitleDictionary,
  wanted: readonly TitleField[] = TITLE_FIELDS,
): AddTitleFields {
  const { level, department } = createTitleReader(dictionary);
  const readers = { 'contact.title_level': level, 'contact.title_department': department };
  const withAdded = (fields: Fields, read: (field: TitleField) => Fields[string]) => {
    const added = { ...fields };
    for (const field of wanted) added[field] ??= read(field);
    return added;
  };
  return (fields) => {
    const title = fields['contact.job_title'];
    // What a title says is as unreadable as the title.
    if (title === UNREADABLE) return withAdded(fields, () => UNREADABLE);
    if (typeof title !== 'string' || title.trim() === '') return fields;
    return withAdded(fields, (field) => readers[field](title));
  };
}

function indexAll(phrases: readonly string[]): PhraseIndex<true> {
  return indexPhrases(phrases.map((phrase): [string, true] => [phrase, true]));
}

function withoutPhrases(words: Words, index: PhraseIndex<true>): Words {
  const found = findPhrases(words, index);
  return words.filter((_, at) => !found.some(({ start, end }) => at >= start && at < end));
}

/** The words before "to", without those of another person: "the CEO's". */
function ownWords(words: Words, worksFor: PhraseIndex<true>): Words {
  const end = findPhrases(words, worksFor)[0]?.start ?? words.length;
  return words.slice(0, end).filter(({ text }, at) => !(/'s?$/.test(text) && at + 1 < end));
}

function levelOf(parts: readonly Words[], levels: PhraseIndex<Level>): TitleLevel {
  const read = parts.map((words) => levelOfPart(words, levels));
  // "CEO (retired)": the second part is about the whole title.
  if (read.some((part) => part.isWhole && part.level === 'former')) return 'former';
  const present = read.flatMap(({ level }) => (level === null || level === 'former' ? [] : [level]));
  const [first] = present;
  if (first === undefined) return read.some(({ level }) => level === 'former') ? 'former' : 'other';
  if (BEFORE_RANKS.some((level) => level === first)) return first;
  return RANKS.find((rank) => present.some((level) => level === rank)) ?? first;
}

interface PartLevel {
  readonly level: Level | null;
  /** All words of the part belong to phrases. */
  readonly isWhole: boolean;
}

function levelOfPart(words: Words, levels: PhraseIndex<Level>): PartLevel {
  const found = findPhrases(words, levels);
  const level = [...BEFORE_RANKS, ...RANKS].find((each) => found.some(({ value }) => value === each)) ?? null;
  const covered = found.reduce((count, { start, end }) => count + end - start, 0);
  const isFormerAlone = found.every(({ value }) => value === 'former');
  return { level, isWhole: isFormerAlone && found.length > 0 && covered === words.length };
}

function departmentOf(parts: readonly Words[], departments: readonly (readonly [string, PhraseIndex<true>])[]) {
  const found = departments.find(([, index]) => parts.some((words) => findPhrases(words, index).length > 0));
  return found?.[0] ?? null;
}
