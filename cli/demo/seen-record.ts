// A person as a CRM shows it to a rep: the same eight things, whatever the CRM calls them.

export interface SeenRecord {
  readonly id: string;
  readonly name: string;
  readonly title: string | null;
  readonly grade: string | null;
  readonly fit: number;
  readonly behavior: number;
  readonly total: number;
  /** A band's id; null: not scored. */
  readonly status: string | null;
  readonly explanation: string;
}

/** The CRM's own names of what is shown. */
export interface ShownFields {
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

type Values = Readonly<Record<string, string | number | null | undefined>>;

export function parseDisplayRecord(id: string, values: Values, names: ShownFields): SeenRecord {
  const textOf = (name: string) => {
    const value = values[name];
    return value === null || value === undefined || value === '' ? null : String(value);
  };
  const number = (name: string) => Number(values[name] ?? 0);
  return {
    id,
    name: [textOf(names.first), textOf(names.last)].filter((part) => part !== null).join(' ') || '(no name)',
    title: textOf(names.title),
    grade: textOf(names.grade),
    fit: number(names.fit),
    behavior: number(names.behavior),
    total: number(names.total),
    status: textOf(names.status),
    explanation: textOf(names.explanation) ?? '',
  };
}

export function isScored({ status }: SeenRecord): boolean {
  return status !== null;
}

/** The reasons: the lines that begin with signed points. */
export function reasonsOf({ explanation }: SeenRecord): readonly string[] {
  return explanation.split('\n').filter((line) => /^[+-]\d+ /.test(line));
}

export function isExplanationConsistent(record: SeenRecord): boolean {
  const sum = reasonsOf(record).reduce((total, line) => total + Number.parseInt(line, 10), 0);
  return sum === record.total;
}
