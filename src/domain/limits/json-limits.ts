// Limits of a JSON text that are checked before it is parsed. Parsing, validating and storing cost
// far more than this one pass: a signed body of a few megabytes could hold the event loop for seconds.

export interface JsonLimits {
  /** Objects and lists inside one another. */
  readonly maxDepth: number;
  /** Values of all kinds, counted as commas and brackets. */
  readonly maxValues: number;
}

const codeOf = (character: string): number => character.charCodeAt(0);
const [QUOTE, BACKSLASH, COMMA] = [codeOf('"'), codeOf('\\'), codeOf(',')];
const OPENING: ReadonlySet<number | undefined> = new Set([codeOf('['), codeOf('{')]);
const CLOSING: ReadonlySet<number | undefined> = new Set([codeOf(']'), codeOf('}')]);

/** @returns the exceeded limit as a sentence, or null. Never throws, whatever the text is */
export function jsonLimitViolation(text: Uint8Array, { maxDepth, maxValues }: JsonLimits): string | null {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text[at];
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (OPENING.has(code)) {
      depth += 1;
      values += 1;
    } else if (code === COMMA) {
      values += 1;
    } else if (CLOSING.has(code)) {
      depth -= 1;
    }
    if (depth > maxDepth) return `objects and lists are nested at most ${maxDepth} deep`;
    if (values > maxValues) return `a body has at most ${maxValues} values`;
  }
  return null;
}

/** The offset of the closing quote, or of the end of the text. */
function endOfString(text: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1;
  return at;
}
