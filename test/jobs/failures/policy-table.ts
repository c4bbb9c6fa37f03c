// The table of docs/operations.md: what a call that fails for ever sets aside or pauses.
import { readFileSync } from 'node:fs';
import type { Failure } from './policy-cases.ts';

export interface PolicyRow {
  readonly crm: 'hubspot' | 'salesforce';
  readonly call: string;
  /** `-`: the call is never about one item. */
  readonly one: string;
  readonly all: Readonly<Record<Failure, string>>;
}

const ROW = /^\| (HubSpot|Salesforce) \| (.+) \|$/;

export function policyTable(): readonly PolicyRow[] {
  const text = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
  return text.split('\n').flatMap((line): PolicyRow[] => {
    const [, name, rest = ''] = ROW.exec(line) ?? [];
    const cells = rest.split('|').map((cell) => cell.trim());
    const [call, one, on400, on404, on500, hang, shape] = cells;
    if (name === undefined || call === undefined || one === undefined) return [];
    if (on400 === undefined || on404 === undefined || on500 === undefined) return [];
    if (hang === undefined || shape === undefined) return [];
    const all = { 400: on400, 404: on404, 500: on500, hang, shape };
    return [{ crm: name === 'HubSpot' ? 'hubspot' : 'salesforce', call, one, all }];
  });
}

/** The cell without what is lost without being set aside: submissions of addresses that the CRM refuses. */
export function visible(cell: string): string {
  return cell.startsWith('unmatched ') ? 'nothing' : cell;
}

/** The cell, with that one of its alternatives (`pause write or error list`) that was observed. */
export function chosenCell(cell: string, observed: string): string {
  if (!cell.includes(' or ')) return cell;
  const seen = new Set(observed.split(', '));
  const tokens = cell.split(', ').map((token) => token.split(' or ').find((each) => seen.has(each)) ?? token);
  const isObserved = tokens.length === seen.size && tokens.every((token) => seen.has(token));
  return isObserved ? observed : tokens.join(', ');
}
