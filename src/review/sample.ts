// Summarizes the results of a model on a file of leads: how often each case and signal fires, the
// distribution of grades and bands, and the outcomes in each, if known. Only sums are stored, so
// that memory use does not depend on the file size. Pure.
import type { Lead } from '../domain/lead.ts';
import { GRADES, type MatchResult, type ScoreResult } from '../domain/score-result.ts';
import type { CompiledModel } from '../scoring/compile/compile.ts';
import type { Firing, OutcomeShare, SampleReport, Share } from './sample-report.ts';

/** Sums over a set of leads. */
class Tally {
  leads = 0;
  points = 0;
  known = 0;
  reached = 0;

  add(points: number, outcome: boolean | null): void {
    this.leads++;
    this.points += points;
    if (outcome === null) return;
    this.known++;
    if (outcome) this.reached++;
  }
}

type ByOutcome = Readonly<Record<MatchResult, Tally>>;

interface FiringTally {
  readonly id: string;
  readonly label: string;
  readonly by: ByOutcome;
}

export class Sample {
  readonly #model: CompiledModel;
  readonly #all = new Tally();
  readonly #criteria: readonly FiringTally[];
  readonly #cases: readonly (readonly Tally[])[];
  /** By id, in the order of the model; caps and limits are added when they first cut off points. */
  readonly #signals: Map<string, FiringTally>;
  readonly #grades = new Map(GRADES.map((grade) => [grade, new Tally()]));
  readonly #bands: ReadonlyMap<string, Tally>;
  readonly #quarters = [new Tally(), new Tally(), new Tally(), new Tally()];
  #sums = { coverage: 0, fit: 0, behavior: 0, total: 0 };

  constructor(model: CompiledModel) {
    this.#model = model;
    this.#criteria = model.fit.criteria.map(({ id, label }) => firingTally(id, label));
    this.#cases = model.fit.criteria.map(({ cases }) => cases.map(() => new Tally()));
    this.#signals = new Map(model.behavior.signals.map(({ id, label }) => [id, firingTally(id, label)]));
    this.#bands = new Map(model.bands.map(({ id }) => [id, new Tally()]));
  }

  /** @param outcome whether the lead reached the outcome; null = unknown */
  add(lead: Lead, result: ScoreResult, outcome: boolean | null): void {
    this.#all.add(result.total, outcome);
    this.#grades.get(result.grade)?.add(result.total, outcome);
    this.#bands.get(result.status)?.add(result.total, outcome);
    this.#quarters[Math.min(3, Math.floor(result.coverage * 4))]?.add(result.total, outcome);
    this.#sums.coverage += result.coverage;
    this.#sums.fit += result.fit.score;
    this.#sums.behavior += result.behavior.score;
    this.#sums.total += result.total;
    this.#addFit(lead, result, outcome);
    for (const { dimension, signal, label, outcome: fired, exact } of result.contributions) {
      if (dimension !== 'behavior') continue;
      let tally = this.#signals.get(signal);
      if (!tally) {
        tally = firingTally(signal, label);
        this.#signals.set(signal, tally);
      }
      tally.by[fired].add(exact, outcome);
    }
  }

  #addFit(lead: Lead, result: ScoreResult, outcome: boolean | null): void {
    this.#model.fit.criteria.forEach(({ cases }, index) => {
      const contribution = result.contributions[index];
      if (contribution === undefined) return;
      this.#criteria[index]?.by[contribution.outcome].add(contribution.exact, outcome);
      if (contribution.outcome !== 'matched') return;
      const matched = cases.findIndex((each) => each.test(lead.fields) === 'matched');
      this.#cases[index]?.[matched]?.add(contribution.exact, outcome);
    });
  }

  report(): SampleReport {
    const { leads } = this.#all;
    const mean = (sum: number) => (leads === 0 ? 0 : sum / leads);
    const fit = this.#model.fit.criteria.flatMap(({ cases }, index) => {
      const tally = this.#criteria[index];
      if (!tally) return [];
      const shares = cases.map(({ label, points }, caseIndex) => {
        return { label, points, ...this.#share(this.#cases[index]?.[caseIndex] ?? new Tally()) };
      });
      return [{ criterion: tally.id, ...this.#firing(tally), cases: shares }];
    });
    const bands = this.#model.bands.map(({ id, label }) => {
      return { status: id, label, ...this.#share(this.#bands.get(id) ?? new Tally()) };
    });
    const { coverage, ...sums } = this.#sums;
    return {
      model: this.#model.id,
      leads,
      fit,
      behavior: [...this.#signals.values()].map((tally) => ({ signal: tally.id, ...this.#firing(tally) })),
      mean: { fit: mean(sums.fit), behavior: mean(sums.behavior), total: mean(sums.total) },
      coverage: { mean: mean(coverage), quarters: this.#quarters.map((tally) => this.#share(tally)) },
      grades: [...this.#grades].map(([grade, tally]) => ({ grade, ...this.#share(tally) })).reverse(),
      bands: bands.reverse(),
      ...(this.#all.known > 0 && { outcome: outcomeShare(this.#all) }),
    };
  }

  #firing({ label, by }: FiringTally): Firing {
    const points = by.matched.points + by.unmatched.points + by.unknown.points;
    const { leads } = this.#all;
    return {
      label,
      matched: this.#share(by.matched),
      unmatched: by.unmatched.leads,
      unknown: by.unknown.leads,
      mean_points: leads === 0 ? 0 : points / leads,
      mean_points_when_matched: by.matched.leads === 0 ? null : by.matched.points / by.matched.leads,
    };
  }

  #share(tally: Tally): Share {
    const { leads } = this.#all;
    const share = { leads: tally.leads, share: leads === 0 ? 0 : tally.leads / leads };
    return this.#all.known === 0 ? share : { ...share, outcome: outcomeShare(tally) };
  }
}

function firingTally(id: string, label: string): FiringTally {
  return { id, label, by: { matched: new Tally(), unmatched: new Tally(), unknown: new Tally() } };
}

function outcomeShare({ known, reached }: Tally): OutcomeShare {
  return { known, reached, share: known === 0 ? null : reached / known };
}
