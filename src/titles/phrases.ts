// Finds the phrases of a dictionary in the words of a title.
import { type Words, wordsOf } from './title-words.ts';

const MAX_WILDCARD_WORDS = 3;

type Piece =
  | { readonly kind: 'word' | 'ending' | 'beginning' | 'dotted'; readonly text: string }
  | { readonly kind: 'any' };

interface Phrase<T> {
  readonly pieces: readonly Piece[];
  /** `^word`: only at the beginning; `word$`: only at the end. */
  readonly isAtStart: boolean;
  readonly isAtEnd: boolean;
  readonly precedence: number;
  readonly value: T;
}

export interface Found<T> {
  readonly start: number;
  readonly end: number;
  readonly value: T;
}

interface Candidate<T> extends Found<T> {
  readonly precedence: number;
}

/** A phrase as the dictionary has it, with its value. */
type Entry<T> = readonly [text: string, value: T];

export interface PhraseIndex<T> {
  /** The phrases that can begin with the word. */
  readonly startingWith: (word: string) => readonly Phrase<T>[];
}

/**
 * Phrases are parsed when a title has their first word: one title has words of a few phrases, and a
 * command that scores one lead reads one title.
 */
export function indexPhrases<T>(entries: readonly Entry<T>[]): PhraseIndex<T> {
  const byWord = new Map<string, Entry<T>[]>();
  const patterns: Phrase<T>[] = [];
  for (const entry of entries) {
    const first = firstPiece(entry[0]);
    if (first === undefined) continue;
    if (first.kind !== 'word') patterns.push(parsePhrase(entry));
    else if (!byWord.get(first.text)?.push(entry)) byWord.set(first.text, [entry]);
  }
  const parsed = new Map<string, readonly Phrase<T>[]>();
  return {
    startingWith: (word) => {
      const known = parsed.get(word);
      if (known !== undefined) return known;
      const found = byWord.get(word);
      if (found === undefined) return patterns;
      const phrases = [...found.map(parsePhrase), ...patterns];
      parsed.set(word, phrases);
      return phrases;
    },
  };
}

function firstPiece(text: string): Piece | undefined {
  for (const part of partsOfPhrase(text)) {
    const [piece] = parsePiece(part);
    if (piece !== undefined) return piece;
  }
  return undefined;
}

function partsOfPhrase(text: string): string[] {
  return text.replace(/^\^|\$$/g, '').split(/\s+/);
}

function parsePhrase<T>([text, value]: Entry<T>): Phrase<T> {
  const pieces = partsOfPhrase(text).flatMap(parsePiece);
  return {
    pieces,
    isAtStart: text.startsWith('^'),
    isAtEnd: text.endsWith('$'),
    precedence: precedenceOf(pieces),
    value,
  };
}

/** "ceo" counts before "* owner", and "teamleiter" before "*leiter"; otherwise the longer phrase. */
function precedenceOf(pieces: readonly Piece[]): number {
  if (pieces[0]?.kind === 'any') return 0;
  return pieces.every(({ kind }) => kind === 'word' || kind === 'dotted') ? 2 : 1;
}

function parsePiece(part: string): readonly Piece[] {
  // Most parts: the other patterns take ten times as long.
  if (/^[a-z\d]+$/.test(part)) return [{ kind: 'word', text: part }];
  if (part === '*') return [{ kind: 'any' }];
  const [word] = wordsOf(part.replaceAll('*', ''));
  if (word === undefined) return [];
  if (part.startsWith('*')) return [{ kind: 'ending', text: word.text }];
  if (part.endsWith('*')) return [{ kind: 'beginning', text: word.text }];
  return word.dotted === null ? [{ kind: 'word', text: word.text }] : [{ kind: 'dotted', text: word.dotted }];
}

/**
 * The phrases in the words, without overlaps: longer ones first, words before patterns. In the order
 * of the words.
 */
export function findPhrases<T>(words: Words, { startingWith }: PhraseIndex<T>): readonly Found<T>[] {
  const all = words.flatMap((word, start) =>
    startingWith(word.text).flatMap((phrase): Candidate<T>[] => {
      const end = matchEnd(words, start, phrase);
      return end === null ? [] : [{ start, end, precedence: phrase.precedence, value: phrase.value }];
    }),
  );
  const chosen: Found<T>[] = [];
  for (const found of all.toSorted(byPrecedence)) {
    if (chosen.every(({ start, end }) => found.end <= start || found.start >= end)) chosen.push(found);
  }
  return chosen.toSorted((a, b) => a.start - b.start);
}

function byPrecedence<T>(a: Candidate<T>, b: Candidate<T>): number {
  const isPatternOnly = (found: Candidate<T>) => Number(found.precedence === 0);
  return (
    isPatternOnly(a) - isPatternOnly(b) ||
    b.end - b.start - (a.end - a.start) ||
    b.precedence - a.precedence ||
    a.start - b.start
  );
}

/** The index after the last word of the phrase; null = the phrase does not begin at `start`. */
function matchEnd<T>(words: Words, start: number, { pieces, isAtStart, isAtEnd }: Phrase<T>): number | null {
  if (isAtStart && start > 0) return null;
  const end = matchPieces(words, start, pieces);
  return isAtEnd && end !== words.length ? null : end;
}

function matchPieces(words: Words, at: number, pieces: readonly Piece[]): number | null {
  const [piece, ...rest] = pieces;
  if (piece === undefined) return at;
  if (piece.kind !== 'any') return matchesPiece(words, at, piece) ? matchPieces(words, at + 1, rest) : null;
  const reach = words.slice(at, at + MAX_WILDCARD_WORDS).findIndex(({ text }) => text === '&');
  const most = reach === -1 ? Math.min(MAX_WILDCARD_WORDS, words.length - at) : reach;
  for (let count = most; count >= 1; count--) {
    const end = matchPieces(words, at + count, rest);
    if (end !== null) return end;
  }
  return null;
}

function matchesPiece(words: Words, at: number, piece: Exclude<Piece, { kind: 'any' }>): boolean {
  const word = words[at];
  if (word === undefined) return false;
  switch (piece.kind) {
    case 'word':
      return word.text === piece.text;
    case 'dotted':
      return word.dotted === piece.text;
    case 'ending':
      return word.text.length > piece.text.length && word.text.endsWith(piece.text);
    case 'beginning':
      return word.text.startsWith(piece.text);
  }
}
