// Numbers of leads for people.

/** `2,000 leads: 1,926 scored, 74 out of scope` */
export function leadCounts(scored: number, outOfScope: number): string {
  if (outOfScope === 0) return `${formatCount(scored)} leads scored`;
  const all = formatCount(scored + outOfScope);
  return `${all} leads: ${formatCount(scored)} scored, ${formatCount(outOfScope)} out of scope`;
}

/** 1926 -> 1,926 */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}
