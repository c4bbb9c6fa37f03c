// Country names as people, CRMs and the countries themselves write them -> ISO 3166-1 alpha-2 codes,
// so that a model can say `one_of: [US, CA]`. Names in all languages come from i18n-iso-countries
// (the formal names, e.g. "Moldova, Republic of") and from Intl (the usual ones, e.g. "Moldova").

import { createRequire } from 'node:module';
import type { LocaleData } from 'i18n-iso-countries';
import { ownText } from '../../domain/texts/own-text.ts';
import { COUNTRY_ALIASES } from './country-aliases.ts';

// English, German, French and Spanish first: a name of theirs is not overridden by another language.
const FIRST_LANGUAGES = ['en', 'de', 'fr', 'es'] as const;
const OTHER_LANGUAGES = [
  'it',
  'nl',
  'pt',
  'sv',
  'da',
  'nb',
  'fi',
  'pl',
  'cs',
  'sk',
  'hu',
  'ro',
  'tr',
  'el',
  'uk',
  'ru',
  'ja',
  'zh',
  'ko',
] as const;
// The names that a country gives itself, if none of the languages above is its own.
const OWN_LANGUAGES = [
  'hr',
  'sr',
  'bg',
  'et',
  'lv',
  'lt',
  'sl',
  'is',
  'he',
  'ar',
  'ca',
  'sq',
  'mk',
  'id',
  'vi',
  'th',
] as const;

// Required on first use, not imported: the package's own entry point loads all of its 80 languages
// (75 ms of CPU at each start). The other languages are loaded for the first text that is in none
// of the first four.
const requireData = createRequire(import.meta.url);
/** Codes by name; null for a name of two countries ("Congo"), which is not guessed. */
type Names = ReadonlyMap<string, string | null>;
let firstNames: Names | null = null;
let otherNames: Names | null = null;
const MAX_REMEMBERED = 5_000;
const remembered = new Map<string, string | null>();

/**
 * `"Great Britain"`, `"uk"`, `"Royaume-Uni"`, `"GBR"`, `"United Kingdom (GB)"` -> `"GB"`; null for any
 * other text, and for a name of two countries ("Congo").
 */
export function countryCode(text: string): string | null {
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const code = text.length > 100 ? null : (codeOf(text) ?? codeOfParts(text));
  if (remembered.size < MAX_REMEMBERED) remembered.set(ownText(text), code);
  return code;
}

function codeOf(text: string): string | null {
  firstNames ??= indexFirst();
  const names = formsOf(text).filter((name) => name.length > 3 || isAbbreviation(text, name));
  const found = findIn(firstNames, names);
  if (found !== undefined) return found;
  otherNames ??= indexOthers(firstNames);
  return findIn(otherNames, names) ?? null;
}

/** Null for a name of two countries. */
function findIn(index: Names, names: readonly string[]): string | null | undefined {
  return names.map((name) => index.get(name)).find((code) => code !== undefined);
}

// "U.S." is the country, "n.a." is not Namibia.
const DOTTED = new Set(['us', 'usa', 'uk', 'uae', 'prc', 'roc', 'rsa', 'ksa', 'drc']);

function isAbbreviation(text: string, name: string): boolean {
  return /^\s*[\p{L}\p{M}]+\s*$/u.test(text) || (DOTTED.has(name) && /^[\p{L}.\s]+$/u.test(text));
}

/** `US - United States`, `United States (US)`, `Slovakia (Slovak Republic)`: all parts must agree. */
function codeOfParts(text: string): string | null {
  const parts = text
    .split(/\s+[-–—:|/]\s+|:\s+|[()[\]/]|,\s*|(?<=^[A-Z]{2,3})[-:]/)
    .flatMap((part) => part.trim() || []);
  if (parts.length < 2) return null;
  const codes = new Set(parts.map(codeOf));
  const [only = null] = codes;
  return codes.size === 1 ? only : null;
}

// "Republic of Singapore" is Singapore. Not "People's" or "Democratic": China and Congo are two each.
const STATE_FORM =
  /^(?:the\s+)?(?:federal\s+republic|islamic\s+republic|republic|kingdom|state|commonwealth|principality|sultanate|grand\s+duchy|federation)\s+of\s+(?:the\s+)?/i;

const ABBREVIATIONS: readonly (readonly [RegExp, string])[] = [
  [/\brep\.?(?=\s|$)/i, 'Republic'],
  [/\bdem\.?(?=\s)/i, 'Democratic'],
  [/\bfed\.?(?=\s)/i, 'Federal'],
  [/\bst\.?(?=\s)/i, 'Saint'],
  [/\b(?:is|isl)\.?$/i, 'Islands'],
];

function formsOf(text: string): readonly string[] {
  const turned = text.replace(/^([^,(]+?)\s*[,(]\s*((?:the|[^,()]*\bof(?: the)?))\s*\)?$/i, '$2 $1');
  const full = ABBREVIATIONS.reduce((name, [short, long]) => name.replace(short, long), turned);
  const forms = [text, turned, full, full.replace(/^the\s+/i, ''), full.replace(STATE_FORM, '')];
  return [...new Set(forms.map(keyOf))].filter((key) => key !== '');
}

function indexFirst(): Names {
  const codes = namesIn(FIRST_LANGUAGES, new Map());
  const all: readonly (readonly string[])[] = requireData('i18n-iso-countries/codes.json');
  for (const [code = '', alpha3 = ''] of all) {
    codes.set(keyOf(code), code);
    codes.set(keyOf(alpha3), code);
  }
  codes.set('xk', 'XK');
  codes.set('xkx', 'XK');
  for (const [alias, code] of Object.entries(COUNTRY_ALIASES)) codes.set(keyOf(alias), code);
  return codes;
}

function indexOthers(first: Names): Names {
  const others = namesIn(OTHER_LANGUAGES, first);
  return new Map([...namesIn(OWN_LANGUAGES, new Map([...first, ...others])), ...others]);
}

/** The names of these languages that `earlier` lacks. */
function namesIn(languages: readonly string[], earlier: Names): Map<string, string | null> {
  const codes = new Map<string, string | null>();
  for (const { name, code } of languages.flatMap(keysInLanguage)) {
    if (earlier.has(name)) continue;
    codes.set(name, (codes.has(name) ? codes.get(name) : code) === code ? code : null);
  }
  return codes;
}

function keysInLanguage(language: string): readonly { readonly name: string; readonly code: string }[] {
  const { countries }: LocaleData = requireData(`i18n-iso-countries/langs/${language}.json`);
  const intl = new Intl.DisplayNames([language], { type: 'region', fallback: 'none' });
  return Object.entries(countries).flatMap(([code, names]) =>
    [names, intl.of(code) ?? []]
      .flat()
      .flatMap(keysOf)
      .map((name) => ({ name, code })),
  );
}

// Typed without the letters of its own language: Oesterreich, Daenemark.
const SPELLED: readonly (readonly [RegExp, string])[] = [
  [/ä/gi, 'ae'],
  [/ö/gi, 'oe'],
  [/ü/gi, 'ue'],
  [/ø/gi, 'oe'],
  [/å/gi, 'aa'],
];

function keysOf(name: string): readonly string[] {
  const spelled = SPELLED.reduce((text, [letter, letters]) => text.replace(letter, letters), name);
  return spelled === name ? [keyOf(name)] : [keyOf(name), keyOf(spelled)];
}

/** Letters and digits only, without case and accents; `&` is "and". */
function keyOf(text: string): string {
  return text
    .replace(/&/g, ' and ')
    .normalize('NFKD')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/ø/g, 'o')
    .replace(/æ/g, 'ae')
    .replace(/ł/g, 'l')
    .replace(/ı/g, 'i')
    .replace(/[^\p{L}\p{Nd}]/gu, '');
}
