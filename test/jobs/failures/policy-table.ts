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

const ROW = /^\| (HubSpot|Salesforce) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/;

export function policyTable(): readonly PolicyRow[] {
  const text = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
  return text.split('\n').flatMap((line): PolicyRow[] => {
    const [, name, call, one, refused, missing, temporary] = ROW.exec(line)?.map((cell) => cell.trim()) ?? [];
    if (name === undefined || call === undefined || one === undefined) return [];
    if (refused === undefined || missing === undefined || temporary === undefined) return [];
    const all = { 400: refused, 404: missing, shape: refused, 500: temporary, hang: temporary };
    return [{ crm: name === 'HubSpot' ? 'hubspot' : 'salesforce', call, one, all }];
  });
}

/** The cell without what is lost without being set aside: submissions of addresses that the CRM refuses. */
export function visible(cell: string): string {
  return cell.startsWith('unmatched ') ? 'nothing' : cell;
}
