// Turns a parsed JSON value back into text.

/** Returns '' for a value that is nested deeper than the stack allows. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
