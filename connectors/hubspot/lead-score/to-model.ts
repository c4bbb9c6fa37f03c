// A lead score of HubSpot as a model: what maps, and notes on the rest. Pure.
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { type ImportNote, joined, type Part, type RulePlace, type Translated, toId, unmapped } from './imported.ts';
import type { LeadScore, ScoreGroup, ScoreRule } from './score-schema.ts';
import { toCriteria } from './to-criteria.ts';
import { decayOf, toSignals } from './to-signals.ts';
import { toStatus, unique } from './to-status.ts';

export interface ImportedModel {
  /** Keys and values of a model file. */
  readonly model: Part;
  readonly notes: readonly ImportNote[];
}

/** @param mapping of HubSpot; it says which field each property fills, and with which values */
export function toModel(score: LeadScore, mapping: Mapping): ImportedModel {
  const taken = new Set<string>();
  const groups = score.groupConfigs.map((group) => fromGroup(group, mapping, taken));
  const criteria = groups.flatMap((each) => each.criteria);
  const signals = groups.flatMap((each) => each.signals);
  const caps = groups.flatMap(({ cap }) => cap ?? []);
  const limit = score.maxScorePerCategory ?? score.maxScore ?? null;
  const { status, notes } = toStatus(score, 2 * (limit ?? 50));
  const behavior = {
    // HubSpot has no floor: a negative score stays negative.
    min: 'none',
    ...(limit !== null && { max: limit }),
    signals,
    ...(caps.length > 0 && { groups: caps }),
  };
  const model = {
    name: toId(score.name),
    version: '1',
    ...(criteria.length > 0 && { fit: { criteria } }),
    ...(signals.length > 0 && { behavior }),
    status,
  };
  return { model, notes: [...wholeNotes(score, limit, criteria), ...groups.flatMap((each) => each.notes), ...notes] };
}

interface FromGroup {
  readonly criteria: readonly Part[];
  readonly signals: readonly Part[];
  readonly cap: Part | null;
  readonly notes: readonly ImportNote[];
}

function fromGroup(group: ScoreGroup, mapping: Mapping, taken: Set<string>): FromGroup {
  const isFit = group.groupCategory === 'FIT';
  const rules = group.ruleConfigurations.map((rule, index) => {
    const part = `group "${group.groupName}", rule ${index + 1}`;
    const id = unique(`${toId(group.groupName)}_${index + 1}`, taken);
    return fromRule(rule, group, { mapping, part, id, label: group.groupName });
  });
  const { parts, notes } = joined(rules);
  const [events, properties] = [parts.filter(isSignal), parts.filter((part) => !isSignal(part))];
  const states = isFit ? joined([]) : joined(properties.map((part) => toStates(part, `group "${group.groupName}"`)));
  const signals = [...events, ...states.parts];
  const max = group.maxValue ?? null;
  const limit =
    max === null || !isFit || properties.length < 2
      ? []
      : [
          {
            part: `group "${group.groupName}"`,
            why: `its limit of ${max} points has no counterpart in fit.`,
            write: 'Fewer points in its cases.',
          },
        ];
  const cap =
    max === null || signals.length < 2
      ? null
      : { id: unique(toId(group.groupName), taken), label: group.groupName, signals: signals.map(({ id }) => id), max };
  return { criteria: isFit ? properties : [], signals, cap, notes: [...notes, ...states.notes, ...limit] };
}

function isSignal(part: Part): boolean {
  return 'activity' in part;
}

function fromRule(rule: ScoreRule, group: ScoreGroup, place: RulePlace): Translated {
  if (!rule.enabled) {
    return { parts: [], notes: [{ part: place.part, why: 'it is switched off.', write: 'Nothing.' }] };
  }
  const { calculation } = rule.configuration;
  const max = rule.maxValue ?? rule.maximumValue ?? group.maxValue ?? null;
  return calculation.type === 'MULTI_UE'
    ? toSignals(calculation, place, { decay: decayOf(group), max })
    : toCriteria(calculation, place);
}

/** A property in a group of engagement gives points while it has the value: those of its first case that fits. */
function toStates({ id, label, field, cases }: Part, part: string): Translated {
  if (!Array.isArray(cases)) return joined([]);
  return joined(
    cases.map((each: Part, index) => {
      const condition = field === undefined ? each.when : { field, ...Object(each.when) };
      const earlier: readonly Part[] = cases.slice(0, index).map((before: Part) => Object(before.when));
      const isAbsent = Object(each.when).present === false;
      // `not` of a value that is not known is not known either: such a case could not follow these.
      if (earlier.some((when) => 'any' in when) || (isAbsent && earlier.some((when) => 'not' in when))) {
        const why = `case ${index + 1} of ${String(field)} counts after one that an unknown value meets.`;
        return unmapped({ part }, why, `A signal with when, for its ${String(each.points)} points.`);
      }
      const others = isAbsent ? [] : earlier.map((when) => ({ field, not: when }));
      const when = others.length === 0 ? condition : { all: [condition, ...others] };
      const name = cases.length === 1 ? id : `${String(id)}_${index + 1}`;
      return { parts: [{ id: name, label: each.label ?? label, when, points: each.points }], notes: [] };
    }),
  );
}

function wholeNotes({ filterConfiguration, objectTypeId }: LeadScore, limit: number | null, criteria: readonly Part[]) {
  const notes: ImportNote[] = [];
  if (objectTypeId !== '0-1') {
    const why = `it scores objects of type ${objectTypeId}; Leadgrade scores contacts.`;
    notes.push({ part: 'the score', why, write: 'A score of contacts.' });
  }
  if (filterConfiguration) {
    const { listFilterType, segmentIds } = filterConfiguration;
    const why = `it ${listFilterType === 'EXCLUDES' ? 'excludes' : 'is only for'} the segments ${segmentIds.join(', ')}.`;
    notes.push({
      part: 'the score',
      why,
      write: 'leads.where in mappings/hubspot.yaml, with the condition of the segments.',
    });
  }
  if (limit !== null && criteria.length > 0) {
    const why = `its limit of ${limit} points of fit has no counterpart.`;
    notes.push({ part: 'the score', why, write: 'Nothing, if the best cases do not add up to more.' });
  }
  return notes;
}
