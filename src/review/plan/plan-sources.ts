// What a plan was made from, and whether it still is so: an old plan must not be applied to something else. Pure.
import { shortHash } from '../../domain/texts/model-name.ts';
import { sha256Hex } from '../../domain/texts/sha256-hex.ts';

export interface PlanSources {
  /** The file of the planned model; null = a version of the database. */
  readonly file: string | null;
  /** Hash of the planned model. */
  readonly model: string;
  /** Hash of the model that was applied. */
  readonly applied: string;
  /** By CRM, a hash of the parts of its mapping that decide what is read, scored and written. */
  readonly mappings: Readonly<Record<string, string>>;
  /** Hash of people.yaml. */
  readonly people: string;
  /** Hash of titles.yaml. */
  readonly titles: string;
  readonly timezone: string;
  /** Leads with a score. */
  readonly leads: number;
  /** The number of the last stored result: the later ones are newer than the plan. */
  readonly newest_result: number;
}

/** The hash of a plan. */
export function hashOfSources(sources: PlanSources): string {
  const { file, model, applied, mappings, people, titles, timezone, leads, newest_result } = sources;
  const crms = Object.entries(mappings).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sha256Hex(JSON.stringify([file, model, applied, crms, people, titles, timezone, leads, newest_result]));
}

/** What forbids to apply the plan, a line each: it would have another effect than the one that it shows. */
export function staleParts(then: PlanSources, now: PlanSources): readonly string[] {
  const crms = new Set([...Object.keys(then.mappings), ...Object.keys(now.mappings)]);
  const mappings = [...crms].filter((crm) => then.mappings[crm] !== now.mappings[crm]);
  return [
    ...(then.model === now.model ? [] : [changed(then.file ?? 'the planned model', then.model, now.model)]),
    ...(then.applied === now.applied ? [] : [changed('the applied model', then.applied, now.applied)]),
    ...mappings.map((crm) => {
      if (then.mappings[crm] === undefined) return `${crm} was not set up when the plan was made`;
      return now.mappings[crm] === undefined ? `${crm} is not set up any more` : `mappings/${crm}.yaml changed`;
    }),
    ...(then.people === now.people ? [] : ['people.yaml changed']),
    ...(then.titles === now.titles ? [] : ['titles.yaml changed']),
    ...(then.timezone === now.timezone ? [] : [`TIMEZONE was ${then.timezone} and is ${now.timezone}`]),
  ];
}

function changed(what: string, then: string, now: string): string {
  return `${what} was ${shortHash(then)} and is ${shortHash(now)}`;
}

/** A tenth of the leads: scores change all day, and the plan shows sums. */
const MAX_DRIFT = 0.1;

/**
 * Whether the data moved so much that the numbers of the plan are no longer right.
 * @param newResults results that were stored since the plan was made
 * @returns a sentence; null if not
 */
export function driftOf(then: PlanSources, leadsNow: number, newResults: number): string | null {
  const most = Math.max(1, then.leads * MAX_DRIFT);
  if (Math.abs(leadsNow - then.leads) <= most && newResults <= most) return null;
  return `Since the plan was made, ${newResults} results were stored, and the number of scored leads went from ${then.leads} to ${leadsNow}: the plan's numbers may be off.`;
}
