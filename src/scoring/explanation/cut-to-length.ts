// Cuts an explanation to the length of a CRM field. The reasons of every version sum to the total.
// No version begins with a sign: the field may be exported to a spreadsheet, which reads a formula.

export interface ExplanationParts {
  readonly headline: string;
  /** Largest first. */
  readonly reasons: readonly { readonly points: number; readonly text: string }[];
  /** Lines on overrides and gates. */
  readonly limits: readonly string[];
  /** Lines on the next change and the next step. */
  readonly next: readonly string[];
}

/**
 * The first lines to go are those on what comes next, then the smallest reasons (merged into one
 * line with their sum), then the limits and the headline. Returns '' if even the sum is too long.
 */
export function cutToLength(parts: ExplanationParts, maxLength: number): string {
  for (const version of versions(parts)) if (version.length <= maxLength) return version;
  return '';
}

function* versions({ headline, reasons, limits, next }: ExplanationParts): Generator<string> {
  const allReasons = reasons.map((reason) => reason.text);
  for (let count = next.length; count >= 0; count--) {
    yield [headline, ...allReasons, ...limits, ...next.slice(0, count)].join('\n');
  }
  for (let count = reasons.length - 2; count >= 1; count--) {
    yield [headline, ...shortened(reasons, count), ...limits].join('\n');
  }
  for (let count = reasons.length; count >= 0; count--) yield [headline, ...shortened(reasons, count)].join('\n');
  if (reasons.length > 0) yield ['Total', ...shortened(reasons, 0)].join('\n');
}

/** The first `count` reasons, and one line with the sum of the others. */
function shortened(reasons: ExplanationParts['reasons'], count: number): string[] {
  const rest = reasons.slice(count);
  const lines = reasons.slice(0, count).map((reason) => reason.text);
  if (rest.length === 0) return lines;
  const sum = rest.reduce((total, reason) => total + reason.points, 0);
  const noun = rest.length === 1 ? 'reason' : 'reasons';
  return [...lines, `${signed(sum)} from ${rest.length} ${count > 0 ? 'smaller ' : ''}${noun}`];
}

export function signed(points: number): string {
  return points < 0 ? `${points}` : `+${points}`;
}
