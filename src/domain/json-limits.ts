// Limits of a JSON text that are checked before it is parsed. Parsing, validating and storing cost
// far more than this one pass: a signed body of a few megabytes could hold the event loop for seconds.

export interface JsonLimits {
  /** Objects and lists inside one another. */
  readonly maxDepth: number;
  /** Values of all kinds, counted as commas and brackets. */
  readonly maxValues: number;
}

const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [...'"\\,[]{}'].map((character) =>
  character.charCodeAt(0),
);

/** @returns the exceeded limit as a sentence, or null. Never throws, whatever the text is */
export function jsonLimitViolation(text: Uint8Array, { maxDepth, maxValues }: JsonLimits): string | null {
  let depth = 0;
  let values = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text[at];
    if (isInString) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) {
      isInString = true;
    } else if (code === COMMA) {
      values += 1;
    } else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      depth += 1;
      values += 1;
      if (depth > maxDepth) return `objects and lists are nested at most ${maxDepth} deep`;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) {
      depth -= 1;
    }
    if (values > maxValues) return `a body has at most ${maxValues} values`;
  }
  return null;
}
