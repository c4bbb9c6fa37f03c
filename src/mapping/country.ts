// Country names as people write them -> ISO 3166-1 alpha-2 codes, so that a model can say `one_of:
// [US, CA]`. Names in English, German, French and Spanish come from i18n-iso-countries (the formal
// names, e.g. "Moldova, Republic of") and from Intl (the usual ones, e.g. "Moldova").
import { createRequire } from 'node:module';
import type { LocaleData } from 'i18n-iso-countries';

const LANGUAGES = ['en', 'de', 'fr', 'es'] as const;

// Names that neither source has: abbreviations, parts of a country, former names.
const ALIASES: Readonly<Record<string, string>> = {
  america: 'US',
  'u.k.': 'GB',
  britain: 'GB',
  england: 'GB',
  scotland: 'GB',
  wales: 'GB',
  'northern ireland': 'GB',
  holland: 'NL',
  korea: 'KR',
  macau: 'MO',
  burma: 'MM',
  swaziland: 'SZ',
  macedonia: 'MK',
  'iran, islamic republic of': 'IR',
};

// Required on first use, not imported: the package's own entry point loads all of its 80 languages
// (75 ms of CPU at each start), its bare index 15 ms. The data of the four languages are enough.
const requireData = createRequire(import.meta.url);
let codesByName: ReadonlyMap<string, string> | null = null;

function indexNames(): ReadonlyMap<string, string> {
  const codes = new Map<string, string>();
  const ambiguous = new Set<string>();
  for (const language of LANGUAGES) {
    const { countries }: LocaleData = requireData(`i18n-iso-countries/langs/${language}.json`);
    const intl = new Intl.DisplayNames([language], { type: 'region', fallback: 'none' });
    for (const [code, names] of Object.entries(countries)) {
      for (const name of [code, names, intl.of(code) ?? []].flat().map(normalize)) {
        if ((codes.get(name) ?? code) !== code) ambiguous.add(name);
        codes.set(name, code);
      }
    }
  }
  // A name of two countries ("Congo") stays unknown instead of being guessed.
  for (const name of ambiguous) codes.delete(name);
  for (const [alias, code] of Object.entries(ALIASES)) codes.set(alias, code);
  return codes;
}

/** Removes differences of case, accents, spaces, `&` and typographic apostrophes. */
function normalize(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[’`]/g, "'")
    .replace(/\s*&\s*/g, ' and ')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}

/** `"Great Britain"`, `"uk"`, `"Royaume-Uni"`, `"GB"` -> `"GB"`; null for any other text. */
export function countryCode(text: string): string | null {
  codesByName ??= indexNames();
  return codesByName.get(normalize(text)) ?? null;
}
