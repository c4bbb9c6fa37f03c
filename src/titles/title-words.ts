// Splits a job title into parts, and parts into words, in the form in which words are compared:
// lower case, without accents, abbreviations without dots.

export interface Word {
  readonly text: string;
  /** An abbreviation as it was written, `a.d.`; null = written without dots. */
  readonly dotted: string | null;
}

export type Words = readonly Word[];

/** `(m/w/d)`, `(all genders)`: says nothing about the person. */
const GENDER_NOTE = /\((?:[mwfdxh]\s*[/|]\s*){1,3}[mwfdxh]\)|\((?:all genders|gn|h f)\)/giu;
/** `Leiter:in`, `Leiter*innen`, `Leiter/-in`, `directeur.rice`, `chargé(e)`: the first form is kept. */
const BOTH_FORMS =
  /(?<=\p{L}{3})(?:[:*_]in(?:nen)?|\/-?in(?:nen)?|\(in\)|[·.(]-?(?:rice|trice|euse|ère|ne|e)\)?)(?!\p{L})/giu;
const DOTTED = /(?<![\p{L}.])(?:\p{L}\.\s?){1,4}\p{L}(?:\.|(?![\p{L}.]))/gu;
const SEPARATOR = /[,;|/•·()[\]{}@:>]|\s[-–—]\s|[–—]|\b(?:at|bei|chez)\b/u;
/** `&` is a word of its own: a pattern does not reach across it. */
const WORD = /&|[\p{L}\p{Nd}]+(?:['’]\p{L}+|['’](?!\p{L}))?/gu;

/** The parts of a title, in order; parts without words are left out. */
export function partsOf(title: string): readonly Words[] {
  const plain = title.normalize('NFKC').replace(GENDER_NOTE, ' ').replace(BOTH_FORMS, '').toLowerCase();
  return plain
    .split(SEPARATOR)
    .map(wordsOf)
    .filter((words) => words.length > 0);
}

/** The words of a text without separators. */
export function wordsOf(text: string): Words {
  const dotted = new Map<string, string>();
  const joined = text.toLowerCase().replace(DOTTED, (abbreviation) => {
    const letters = fold(abbreviation.replace(/[.\s]/g, ''));
    dotted.set(letters, abbreviation.replace(/[.\s]/g, '').split('').join('.').concat('.'));
    return ` ${letters} `;
  });
  return [...joined.matchAll(WORD)].map(([word]) => {
    const folded = fold(word);
    return { text: folded, dotted: dotted.get(folded) ?? null };
  });
}

/** Compares `ä` as `a`, `ß` as `ss`, and every apostrophe as the same one. */
function fold(word: string): string {
  return word.normalize('NFD').replace(/\p{M}/gu, '').replaceAll('ß', 'ss').replaceAll('œ', 'oe').replaceAll('’', "'");
}
