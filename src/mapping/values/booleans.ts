// Yes and no as spreadsheets, CRMs and people write them, in the languages of the core markets.

// English, German, French, Spanish, Italian, Dutch, Portuguese, Swedish, Danish, Norwegian, Finnish,
// Polish, Czech, Slovak, Hungarian, Romanian, Turkish, and how programs write them.
const YES = `
yes y true t 1 1.0 on x checked ✓ ✔ ☑ ja j wahr oui o vrai sí si s verdadero sì vero waar sim verdadeiro sant sann sand sandt
kyllä tosi tak prawda ano áno pravda igen igaz da adevărat evet doğru はい 是 да
`;
const NO = `
no n false f 0 0.0 off unchecked ✗ ✘ ☐ nein falsch non faux falso nee onwaar não nao falskt usann falsk ei epätosi nie fałsz ne nej nepravda
nem hamis nu fals hayır hayir yanlış いいえ 否 нет
`;
const WORDS: ReadonlyMap<string, boolean> = new Map([
  ...words(YES).map((word) => [word, true] as const),
  ...words(NO).map((word) => [word, false] as const),
]);

/** @returns null for any other text */
export function booleanOf(text: string): boolean | null {
  return WORDS.get(text.trim().normalize('NFC').toLowerCase()) ?? null;
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
