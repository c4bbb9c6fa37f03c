// Compares the names of two records. Pure and symmetric.
//
// Names differ clearly if both are full names and neither the first nor the last names agree, in
// any order. Everything that one person's name may look like in two systems agrees: initials,
// nicknames, accents, umlauts (ö, oe), middle and double names, a swapped order, a typo. A missing
// or placeholder name never differs.

import type { PersonName } from '../domain/person.ts';
import { editDistance } from '../problems/edit-distance.ts';
import { foldName } from './fold-name.ts';
import { isNickname } from './nicknames.ts';

export function namesDiffer(a: PersonName, b: PersonName): boolean {
  return compareNames(a, b) === 'differ';
}

/** Unknown: at least one is not a full name, or they are written in two scripts. */
export function compareNames(a: PersonName, b: PersonName): 'agree' | 'differ' | 'unknown' {
  const [one, other] = [partsOf(a), partsOf(b)];
  if (!isFull(one) || !isFull(other)) return 'unknown';
  const [words, otherWords] = [
    [...one.first, ...one.last],
    [...other.first, ...other.last],
  ];
  // Names in two scripts cannot be compared: Ивана and Ivana may be one person.
  if (isLatin(words) !== isLatin(otherWords)) return 'unknown';
  if (haveAgreement(one.first, other.first, agree) || haveAgreement(one.last, other.last, agree)) return 'agree';
  // A swapped order, or a middle name in another column: only whole words count here.
  return haveAgreement(words, otherWords, isSameWord) ? 'agree' : 'differ';
}

interface NameParts {
  readonly first: readonly string[];
  readonly last: readonly string[];
}

/** At least two words, and not initials alone. */
function isFull({ first, last }: NameParts): boolean {
  const words = [...first, ...last];
  return words.length > 1 && words.some((word) => word.length > 1 || !isLatin([word]));
}

function haveAgreement(a: readonly string[], b: readonly string[], agrees: (a: string, b: string) => boolean): boolean {
  // The words of a double name may be written together: Anna-Lena, Annalena.
  const [joined, otherJoined] = [a.join(''), b.join('')];
  if (joined !== '' && otherJoined !== '' && isSameWord(joined, otherJoined)) return true;
  return a.some((word) => b.some((other) => agrees(word, other)));
}

/** An initial, a shortened name (Rob, Robert) or a nickname (Bill, William) agrees. */
function agree(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (short.length === 1) return long.startsWith(short);
  return isSameWord(a, b) || (short.length >= 3 && long.startsWith(short)) || isNickname(a, b);
}

/** Equal but for a typo: one edit in a word of 4 letters or more, two in one of 8 or more. */
function isSameWord(a: string, b: string): boolean {
  // A single Latin letter is an initial; in other scripts it may be a whole name.
  if (a === b) return a.length > 1 || !isLatin([a]);
  const length = Math.min(a.length, b.length);
  const edits = length >= 8 ? 2 : length >= 4 ? 1 : 0;
  return edits > 0 && Math.abs(a.length - b.length) <= edits && editDistance(a, b) <= edits;
}

/** Part of a name and no name by itself. */
const PARTICLES = new Set(
  'mr mrs ms miss dr prof sir herr frau von van der den de di da del della dos das du la le el al bin ibn ter zu zur jr sr ii iii'.split(
    ' ',
  ),
);
const PLACEHOLDERS = new Set(
  'unknown unbekannt inconnu desconocido sconosciuto none null na nn test not provided'.split(' '),
);

/** Longer texts are not names, and comparing them would take long. */
const MAX_WORDS = 8;
const MAX_WORD_LENGTH = 40;

function partsOf({ first, last }: PersonName): NameParts {
  return { first: wordsOf(first), last: wordsOf(last) };
}

function wordsOf(name: string | null): readonly string[] {
  // An address in the column of a name says no name.
  if (name === null || name.includes('@')) return [];
  const words = foldName(name).split(/[^\p{L}\p{M}]+/u);
  const named = words.filter((word) => word !== '' && !PARTICLES.has(word) && !PLACEHOLDERS.has(word));
  return named.slice(0, MAX_WORDS).map((word) => word.slice(0, MAX_WORD_LENGTH));
}

function isLatin(words: readonly string[]): boolean {
  return words.some((word) => /\p{Script=Latin}/u.test(word));
}
