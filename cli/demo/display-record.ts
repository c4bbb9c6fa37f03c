// A person as displayed in a CRM: the same eight values, whatever the names of the fields.
import type { ScoreField } from '../../src/domain/score-fields.ts';

export interface DisplayRecord {
  readonly id: string;
  readonly name: string;
  readonly title: string | null;
  readonly grade: string | null;
  readonly fit: number;
  readonly behavior: number;
  readonly total: number;
  /** The ID of a band; null: not scored. */
  readonly status: string | null;
  readonly explanation: string;
}

/** The names of the fields in the CRM. */
export interface FieldNames {
  readonly first: string;
  readonly last: string;
  readonly title: string;
  readonly grade: string;
  readonly fit: string;
  readonly behavior: string;
  readonly total: string;
  readonly status: string;
  readonly explanation: string;
}

/** @param nameOf the name of one of our fields in the CRM */
export function scoreNames(nameOf: (field: ScoreField) => string): Omit<FieldNames, 'first' | 'last' | 'title'> {
  return {
    grade: nameOf('fit_grade'),
    fit: nameOf('fit_score'),
    behavior: nameOf('behavior_score'),
    total: nameOf('total_score'),
    status: nameOf('status'),
    explanation: nameOf('explanation'),
  };
}

type Values = Readonly<Record<string, string | number | null | undefined>>;

export function parseDisplayRecord(id: string, values: Values, names: FieldNames): DisplayRecord {
  const text = (name: string) => {
    const value = values[name];
    return value === null || value === undefined || value === '' ? null : String(value);
  };
  const number = (name: string) => Number(values[name] ?? 0);
  return {
    id,
    name: [text(names.first), text(names.last)].filter((part) => part !== null).join(' ') || '(no name)',
    title: text(names.title),
    grade: text(names.grade),
    fit: number(names.fit),
    behavior: number(names.behavior),
    total: number(names.total),
    status: text(names.status),
    explanation: text(names.explanation) ?? '',
  };
}

export function isScored({ status }: DisplayRecord): boolean {
  return status !== null;
}

/** The lines of the explanation that begin with signed points. */
export function reasonsOf({ explanation }: DisplayRecord): readonly string[] {
  return explanation.split('\n').filter((line) => /^[+-]\d+ /.test(line));
}

/** Whether fit and behavior add up to the total score, and so do the points of the reasons. */
export function isExplanationConsistent(record: DisplayRecord): boolean {
  const sum = reasonsOf(record).reduce((total, line) => total + Number.parseInt(line, 10), 0);
  return sum === record.total && record.fit + record.behavior === record.total;
}
