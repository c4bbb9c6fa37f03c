// Characters that are not visible and keep a text from being found: a zero-width space inside "CEO",
// a no-break space in "Vice President", marks of the reading direction around a number.

const PLAIN = /^[ -~]*$/;
// Not a line break, and not the joiners that Persian and emojis need.
const INVISIBLE = /(?![\t\n\r\u200C\u200D])[\p{Cc}\p{Cf}]/gu;
const SPACE = /\p{Zs}/gu;

/** Removes invisible characters, makes every space an ordinary one, and trims. */
export function cleanText(text: string): string {
  return PLAIN.test(text) ? text.trim() : text.replace(INVISIBLE, '').replace(SPACE, ' ').trim();
}
