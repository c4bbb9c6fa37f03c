// How many leads each band has, and what became of the leads whose deals were won.
import type { PlanReport } from './plan-report.ts';
import { bandLabels, rowOf, signed } from './text-tables.ts';

export function bandTable(
  { bands, won_deals, won_worse }: PlanReport,
  { from, to }: { readonly from: string; readonly to: string },
): string[] {
  const won = from === 'before' ? ['won*', 'won* after'] : ['won* 1st', 'won* 2nd'];
  const head = [from, to, 'change', ...(won_deals > 0 ? won : [])];
  const row = rowOf(Math.max(...bands.map(({ label }) => label.length)), head);
  return [
    row('', head),
    ...bands.map(({ label, before, after, won_before, won_after }) =>
      row(label, [before, after, signed(after - before), ...(won_deals > 0 ? [won_before, won_after] : [])]),
    ),
    ...(won_deals === 0
      ? []
      : [
          `  * ${won_deals} leads won a deal in the last 92 days: their band at that instant, with the fields of today.`,
          ...wonWorseLines(won_worse, bands, from === 'before' ? 'after' : 'by the second').map((line) => `  ${line}`),
        ]),
  ];
}

/** The leads with a won deal that a plan would have had in a worse band: sales knows them. */
export function wonWorseLines(
  { leads, first }: PlanReport['won_worse'],
  bands: PlanReport['bands'],
  when: string,
): readonly string[] {
  if (leads === 0) return [];
  const label = bandLabels(bands);
  const more = leads - first.length;
  return [
    `${leads} of them would have been in a worse band ${when}:`,
    ...first.map(({ lead, before, after }) => `  ${lead}  ${label(before)} → ${label(after)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}
