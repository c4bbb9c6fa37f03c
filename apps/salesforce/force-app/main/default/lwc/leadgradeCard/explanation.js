// Parses the explanation that Leadgrade writes (src/scoring/explanation/explain.ts): the sum, the reasons, the limits that apply to
// the lead, and the next expected change, one per line. A shortened explanation lacks its last lines.

// The shortest explanation has the word alone.
const SUM = /^(?:Total )?-?\d+ = fit -?\d+ \(\w+\) \+ behavior -?\d+|^Total$/;
const REASON = /^([+-]\d+) (.*)$/;
const NEXT = /^(?:Falls to|Rises to|Would reach) /;

/**
 * @param {string | null | undefined} text the field's value
 * @returns {{ reasons: { points: number, text: string }[], held: string[], next: string[] }} Without the line of the sum,
 *   which the card shows from its own fields. `held` also contains every line of an unknown form, so that no line is lost.
 */
export function readExplanation(text) {
  const parts = { reasons: [], held: [], next: [] };
  const lines = (text ?? '').split(/\r?\n/).map((line) => line.trim());
  for (const line of lines) {
    const reason = REASON.exec(line);
    if (reason) parts.reasons.push({ points: Number(reason[1]), text: reason[2] });
    else if (NEXT.test(line)) parts.next.push(line);
    else if (line !== '' && !SUM.test(line)) parts.held.push(line);
  }
  return parts;
}
