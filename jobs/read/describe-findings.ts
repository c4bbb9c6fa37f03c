// The findings of a reconciliation as a sentence, for the log and for `npx leadgrade recompute`.
import type { Findings, StreamFindings } from '../../src/store/reconcile/findings.ts';

const KINDS: readonly (readonly [kind: keyof Findings, text: string])[] = [
  ['late', 'late'],
  ['deleted', 'deleted'],
  ['changed', 'changed without a timestamp'],
];

/** `late: 3 form submissions; deleted: 2 campaign members`; empty = nothing was found. */
export function describeFindings(found: StreamFindings): string {
  const parts = KINDS.flatMap(([kind, text]) => {
    const counts = Object.entries(found).filter(([, findings]) => findings[kind] > 0);
    if (counts.length === 0) return [];
    return [`${text}: ${counts.map(([stream, findings]) => countText(findings[kind], stream)).join(', ')}`];
  });
  return parts.join('; ');
}

/** The items of streams that are named after something else. */
const ITEMS: Readonly<Record<string, string>> = {
  lists: 'list members',
  marketing_events: 'event attendees',
  marketing_emails: 'email events',
};

/** @param stream its id is the plural of its items, unless ITEMS has another: `form_submissions` */
function countText(count: number, stream: string): string {
  const items = ITEMS[stream] ?? stream.replaceAll('_', ' ');
  return `${count} ${count === 1 ? singular(items) : items}`;
}

function singular(items: string): string {
  return items.endsWith('ies') ? `${items.slice(0, -3)}y` : items.replace(/s$/, '');
}
