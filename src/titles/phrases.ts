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

export interface PhraseIndex<T> {
  readonly byWord: ReadonlyMap<string, readonly Phrase<T>[]>;
  /** Phrases that begin with a pattern. */
  readonly others: readonly Phrase<T>[];
}

/** @param entries phrases as the dictionary has them, each with its value */
export function indexPhrases<T>(entries: readonly (readonly [string, T])[]): PhraseIndex<T> {
  const phrases = entries.map(([text, value]) => parsePhrase(text, value)).filter(({ pieces }) => pieces.length > 0);
  const firstWord = ({ pieces }: Phrase<T>) => (pieces[0]?.kind === 'word' ? pieces[0].text : null);
  const byWord = new Map<string, Phrase<T>[]>();
  for (const phrase of phrases) {
    const word = firstWord(phrase);
    if (word !== null) byWord.set(word, [...(byWord.get(word) ?? []), phrase]);
  }
  return { byWord, others: phrases.filter((phrase) => firstWord(phrase) === null) };
}

function parsePhrase<T>(text: string, value: T): Phrase<T> {
  const pieces = text
    .replace(/^\^|\$$/g, '')
    .split(/\s+/)
    .flatMap((part) => parsePiece(part));
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
export function findPhrases<T>(words: Words, { byWord, others }: PhraseIndex<T>): readonly Found<T>[] {
  const all = words.flatMap((word, start) =>
    [...(byWord.get(word.text) ?? []), ...others].flatMap((phrase): Candidate<T>[] => {
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
