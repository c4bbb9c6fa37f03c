// Country names as people write them -> ISO 3166-1 alpha-2 codes, so that a model can say `one_of: [US, CA]`.

// Regions that Intl names but that are no countries: groupings, outlying areas, test codes.
const NO_COUNTRIES = new Set(['AC', 'CP', 'CQ', 'DG', 'EA', 'EU', 'EZ', 'IC', 'QO', 'TA', 'UN', 'XA', 'XB', 'ZZ']);

// What Intl does not know: abbreviations, former and colloquial names.
const ALIASES: Readonly<Record<string, string>> = {
  usa: 'US',
  'u.s.': 'US',
  'u.s.a.': 'US',
  'united states of america': 'US',
  america: 'US',
  uk: 'GB',
  'u.k.': 'GB',
  'great britain': 'GB',
  britain: 'GB',
  england: 'GB',
  scotland: 'GB',
  wales: 'GB',
  'northern ireland': 'GB',
  uae: 'AE',
  holland: 'NL',
  'the netherlands': 'NL',
  deutschland: 'DE',
  'czech republic': 'CZ',
  turkey: 'TR',
  korea: 'KR',
  'republic of korea': 'KR',
  'korea, republic of': 'KR',
  'russian federation': 'RU',
  'viet nam': 'VN',
  'ivory coast': 'CI',
  'hong kong': 'HK',
  macau: 'MO',
  macao: 'MO',
  burma: 'MM',
  swaziland: 'SZ',
  macedonia: 'MK',
  'cape verde': 'CV',
  palestine: 'PS',
  'iran, islamic republic of': 'IR',
  'taiwan, province of china': 'TW',
};

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
let byName: ReadonlyMap<string, string> | null = null;

function namesToCodes(): ReadonlyMap<string, string> {
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  const found = new Map<string, string>();
  for (const code of LETTERS.flatMap((first) => LETTERS.map((second) => first + second))) {
    const current = new Intl.Locale(`und-${code}`).region;
    // A retired code (UK, DD) is renamed by Intl itself: the current one comes by its own.
    if (current !== code || NO_COUNTRIES.has(code)) continue;
    const title = names.of(code);
    if (title === undefined) continue;
    found.set(code.toLowerCase(), code);
    found.set(plain(title), code);
  }
  for (const [alias, code] of Object.entries(ALIASES)) found.set(alias, code);
  return found;
}

/** Case, accents, `&` and typographic apostrophes do not tell countries apart. */
function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[’`]/g, "'")
    .replace(/\s*&\s*/g, ' and ')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}

/** `"United Kingdom"`, `"uk"`, `"GB"` -> `"GB"`; null when it names no country. */
export function countryCode(text: string): string | null {
  byName ??= namesToCodes();
  return byName.get(plain(text)) ?? null;
}
