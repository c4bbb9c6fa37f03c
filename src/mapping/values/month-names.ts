// The names of months, short and full, in the languages of the core markets: Mar, March, März, mars,
// marzo. No name means two months.

const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'nl', 'pt', 'sv', 'da', 'nb'] as const;
let names: ReadonlyMap<string, number> | null = null;

/** The month, 1 to 12, of a name in any case, with or without a final dot; null for any other text. */
export function monthOfName(name: string): number | null {
  names ??= allNames();
  return names.get(plain(name)) ?? null;
}

function allNames(): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const language of LANGUAGES) {
    for (const form of ['long', 'short'] as const) {
      const format = new Intl.DateTimeFormat(language, { month: form, day: 'numeric', timeZone: 'UTC' });
      for (let month = 1; month <= 12; month++) {
        const part = format.formatToParts(Date.UTC(2024, month - 1)).find(({ type }) => type === 'month');
        const name = plain(part?.value ?? '');
        // English comes first: "mar" is March.
        if (name !== '' && !found.has(name)) found.set(name, month);
      }
    }
  }
  // German exports of Excel and SAP write these; Intl has the longer forms.
  for (const [name, month] of [
    ['mrz', 3],
    ['sep', 9],
    ['sept', 9],
  ] as const)
    found.set(name, month);
  return found;
}

function plain(name: string): string {
  return name.normalize('NFC').toLowerCase().replace(/\.$/, '');
}
