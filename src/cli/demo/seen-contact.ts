// A contact as HubSpot shows it to a rep.

export const SCORE_PROPERTIES = [
  'leadgrade_fit_grade',
  'leadgrade_fit_score',
  'leadgrade_behavior_score',
  'leadgrade_total_score',
  'leadgrade_status',
  'leadgrade_explanation',
] as const;

export interface SeenContact {
  readonly id: string;
  readonly properties: Readonly<Record<string, string | null>>;
}

export function isScored({ properties }: SeenContact): boolean {
  return Boolean(properties.leadgrade_status);
}

export function totalOf({ properties }: SeenContact): number {
  return Number(properties.leadgrade_total_score ?? 0);
}

/** The reasons: the lines that begin with signed points. */
export function reasonsOf({ properties }: SeenContact): readonly string[] {
  return (properties.leadgrade_explanation ?? '').split('\n').filter((line) => /^[+-]\d+ /.test(line));
}

export function addsUp(contact: SeenContact): boolean {
  const sum = reasonsOf(contact).reduce((total, line) => total + Number.parseInt(line, 10), 0);
  return sum === totalOf(contact);
}
