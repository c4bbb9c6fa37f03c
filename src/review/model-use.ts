// How a model is used by many leads: what `find-use-problems.ts` judges. Only counts are stored, so
// that memory use does not depend on the number of leads. Pure.
import type { Lead } from '../domain/lead.ts';
import type { ScoreResult } from '../domain/score-result.ts';
import type { ScoreCount } from '../scoring/best-share.ts';
import type { CompiledModel } from '../scoring/compile/compile.ts';
import { compileCondition, type FieldTest } from '../scoring/compile/conditions.ts';
import { Sample } from './sample.ts';
import type { SampleReport } from './sample-report.ts';

/** The leads of a group of signals, or of all signals. */
export interface CapUse {
  /** Leads with points before the cap. */
  readonly having: number;
  /** Leads whose points the cap cuts off. */
  readonly cut: number;
  /** Whole points before the cap, of the leads that have some. */
  readonly uncapped: readonly ScoreCount[];
}

export interface UseReport {
  readonly sample: SampleReport;
  /** By criterion, the leads of which none of its fields is known. */
  readonly unknownCriteria: ReadonlyMap<string, number>;
  /** By gate, the leads whose fields do not tell whether it is lifted. */
  readonly unknownGates: ReadonlyMap<string, number>;
  /** By activity type of the model, the leads that have one. */
  readonly withActivity: ReadonlyMap<string, number>;
  /** By group, and `limit:behavior`. */
  readonly caps: ReadonlyMap<string, CapUse>;
  /** The value that bands compare. */
  readonly scores: readonly ScoreCount[];
}

class CapTally {
  having = 0;
  cut = 0;
  readonly uncapped = new Map<number, number>();

  /** @param points before the cap @param cutOff 0, or what the cap takes */
  add(points: number, cutOff: number): void {
    if (points <= 0) return;
    this.having++;
    if (cutOff < 0) this.cut++;
    increment(this.uncapped, Math.round(points));
  }
}

/** The id of the line that a limit of `behavior` cuts off. */
export const BEHAVIOR_LIMIT = 'limit:behavior';

export class ModelUse {
  readonly #model: CompiledModel;
  readonly #sample: Sample;
  readonly #unknown: readonly (readonly [criterion: string, test: FieldTest])[];
  readonly #unknownCriteria = new Map<string, number>();
  readonly #unknownGates = new Map<string, number>();
  readonly #withActivity = new Map<string, number>();
  readonly #caps: ReadonlyMap<string, CapTally>;
  readonly #scores = new Map<number, number>();

  constructor(model: CompiledModel) {
    this.#model = model;
    this.#sample = new Sample(model);
    // Not the outcome: a case with `present` is never unknown.
    this.#unknown = model.fit.criteria.map(({ id, fields }) => {
      return [id, compileCondition({ all: fields.map((field) => ({ field, present: false })) })];
    });
    this.#caps = new Map([
      ...model.behavior.groups.map(({ id }) => [id, new CapTally()] as const),
      [BEHAVIOR_LIMIT, new CapTally()],
    ]);
  }

  /** @param outcome whether the lead reached the outcome; null = unknown */
  add(lead: Lead, result: ScoreResult, outcome: boolean | null = null): void {
    const { status, behavior } = this.#model;
    this.#sample.add(lead, result, outcome);
    for (const [id, isUnknown] of this.#unknown) {
      if (isUnknown(lead.fields) === 'matched') increment(this.#unknownCriteria, id);
    }
    for (const { id, unless } of status.gates) {
      if (unless(lead.fields) === 'unknown') increment(this.#unknownGates, id);
    }
    for (const type of new Set(lead.activities.map((activity) => activity.type))) {
      if (behavior.subscriptions.has(type)) increment(this.#withActivity, type);
    }
    this.#addCaps(result);
    increment(this.#scores, basisValue(this.#model, result));
  }

  #addCaps({ contributions, behavior }: ScoreResult): void {
    const exact = new Map(
      contributions.flatMap((line) => (line.dimension === 'behavior' ? [[line.signal, line.exact] as const] : [])),
    );
    for (const { id, members } of this.#model.behavior.groups) {
      const points = members.reduce((sum, index) => {
        return sum + (exact.get(this.#model.behavior.signals[index]?.id ?? '') ?? 0);
      }, 0);
      this.#caps.get(id)?.add(points, exact.get(`cap:${id}`) ?? 0);
    }
    const cutOff = exact.get(BEHAVIOR_LIMIT) ?? 0;
    this.#caps.get(BEHAVIOR_LIMIT)?.add(behavior.exact - cutOff, cutOff);
  }

  report(): UseReport {
    return {
      sample: this.#sample.report(),
      unknownCriteria: this.#unknownCriteria,
      unknownGates: this.#unknownGates,
      withActivity: this.#withActivity,
      caps: new Map([...this.#caps].map(([id, tally]) => [id, { ...tally, uncapped: countsOf(tally.uncapped) }])),
      scores: countsOf(this.#scores),
    };
  }
}

function basisValue({ status }: CompiledModel, { fit, behavior, total }: ScoreResult): number {
  if (status.basis === 'fit') return fit.score;
  return status.basis === 'behavior' ? behavior.score : total;
}

function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function countsOf(counts: ReadonlyMap<number, number>): readonly ScoreCount[] {
  return [...counts].map(([score, leads]) => ({ score, leads }));
}
