// Numbers in sentences about many leads.

/** 1200 -> `1,200` */
export function countOf(count: number): string {
  return count.toLocaleString('en-US');
}

/** `all 1,200 leads`, `93 % of 1,200 leads`: only all are said to be all. */
export function shareOfLeads(part: number, all: number): string {
  return part === all ? `all ${countOf(all)} leads` : `${percentOf(part / all)} of ${countOf(all)} leads`;
}

/** Whole per cent of a share from 0 to 1; neither 0 nor 100 for what is in between. */
export function percentOf(share: number): string {
  const percent = Math.round(100 * share);
  if (share < 1 && percent === 100) return '99 %';
  return share > 0 && percent === 0 ? '1 %' : `${percent} %`;
}
