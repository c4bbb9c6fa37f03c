// Scores all stored leads with the planned models, page by page. Nothing is saved.
import type { ActiveModel, JobContext, ScoredModel } from '../../jobs/context.ts';
import type { EarlierModels } from '../../jobs/score/earlier-models.ts';
import { type ChunkContext, scoreChunk } from '../../jobs/score/score-chunk.ts';
import { scoringInputs } from '../../jobs/score/scoring-inputs.ts';
import { appliedThresholds } from '../../jobs/score/thresholds/moving-bands.ts';
import type { Move, PlannedLead, PlannedWrites } from '../../src/review/plan/plan-report.ts';
import type { ScoredLead } from '../../src/store/leads/scored-lead.ts';
import { type PagedLead, pagesOfLeads } from '../../src/store/replay/lead-pages.ts';
import { countLead, type PlannedModel, wonLead } from './planned-models.ts';

export interface PlanInput {
  readonly context: JobContext;
  /** All models in use, the first one first. */
  readonly applied: readonly [ScoredModel, ...ScoredModel[]];
  readonly planned: readonly PlannedModel[];
  /** The models that gave the stored results, by hash. */
  readonly earlierModels: EarlierModels;
}

/** Called for each lead whose status, grade or total changes, and each model that changes it. */
export type OnChange = (planned: PlannedLead, move: Move | null, model: ScoredModel) => Promise<void>;

interface Scored {
  readonly writes: readonly PlannedWrites[];
  /** Leads of which a change waits to be scored, with any model. */
  readonly due: number;
  /** Leads that could not be scored. */
  readonly failed: number;
  /** Leads with a record. */
  readonly leads: number;
  /** Those that a planned model scores. */
  readonly scored: number;
}

/** Each model counts the leads that have a score of it, or get one. */
export async function scoreAllLeads(input: PlanInput, onChange: OnChange): Promise<Scored> {
  const { context, applied, planned, earlierModels } = input;
  const now = instantOf(context);
  const { crms, models, timezone, db } = context;
  const inputs = {
    before: await scoringInputs({ ...context, model: applied[0], models: applied }),
    after: await scoringInputs(context),
  };
  const computed = planned.map(({ after: { model, thresholds: points } }) => {
    return [model.hash, { points, first: points }] as const;
  });
  const thresholds = new Map([...computed, ...(await appliedThresholds(context))]);
  const chunk = { crms, models, timezone, inputs: inputs.after, thresholds, earlierModels, now };
  const pages = { now: new Date(now), crms: [...crms.keys()], types: activityTypes([...applied, ...models]) };
  const sums = new Sums(crms.keys());
  for await (const { lead, scored } of scoredLeads(pagesOfLeads(db, pages), chunk)) {
    sums.add(lead, scored);
    const won = scored.failure === undefined ? wonLead(lead, inputs) : null;
    for (const each of planned) {
      const change = countLead(each, { lead, won, scored }, earlierModels);
      if (change !== null) await onChange(change.planned, change.move, each.after.model);
    }
  }
  return sums.result(crms);
}

/** Those with a record that is scored. */
async function* scoredLeads(pages: AsyncIterable<readonly PagedLead[]>, chunk: ChunkContext) {
  for await (const page of pages) {
    // A planned model has scored none of them yet.
    const leads = page.flatMap((lead) => (lead.records.length > 0 ? [{ ...lead, isCurrent: false }] : []));
    for (const [index, scored] of scoreChunk(leads, chunk).entries()) {
      const lead = leads[index];
      if (lead !== undefined) yield { lead, scored };
    }
  }
}

/** What the plan costs, and what it could not tell. */
class Sums {
  readonly #counts: ReadonlyMap<string, { records: number; writes: number }>;
  #due = 0;
  #failed = 0;
  #leads = 0;
  #scored = 0;

  constructor(crms: Iterable<string>) {
    this.#counts = new Map([...crms].map((crm) => [crm, { records: 0, writes: 0 }]));
  }

  add({ records, isDue }: PagedLead, scored: ScoredLead): void {
    this.#leads++;
    if (isScored(scored)) this.#scored++;
    if (isDue) this.#due++;
    if (scored.failure !== undefined) this.#failed++;
    for (const { crm } of records) this.#count(crm, 'records');
    for (const { crm, kind } of scored.records) if (kind === 'write') this.#count(crm, 'writes');
  }

  #count(crm: string, what: 'records' | 'writes'): void {
    const known = this.#counts.get(crm);
    if (known !== undefined) known[what]++;
  }

  result(crms: JobContext['crms']): Scored {
    const writes = [...this.#counts].map(([crm, { records, writes: each }]): PlannedWrites => {
      const { batch, callsPerSecond } = crms.get(crm)?.connector ?? { batch: { write: 1 } };
      const calls = Math.ceil(each / batch.write);
      return {
        crm,
        records,
        writes: each,
        calls,
        seconds: callsPerSecond === undefined ? null : calls / callsPerSecond,
      };
    });
    return { writes, due: this.#due, failed: this.#failed, leads: this.#leads, scored: this.#scored };
  }
}

function isScored({ unscored, others = new Map() }: ScoredLead): boolean {
  return !unscored || [...others.values()].some((other) => !other.unscored);
}

export function instantOf({ asOf, clock }: JobContext): number {
  return (asOf ?? clock.now()).getTime();
}

/** What the models read. */
function activityTypes(models: readonly ActiveModel[]): readonly string[] {
  return [...new Set(models.flatMap(({ compiled }) => [...compiled.behavior.subscriptions.keys()]))];
}
