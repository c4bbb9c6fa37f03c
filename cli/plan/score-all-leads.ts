// Scores all stored leads with a changed model, page by page. Nothing is saved.
import type { ActiveModel, JobContext, ScoredModel } from '../../jobs/context.ts';
import { applies, type ChunkContext, scoreChunk } from '../../jobs/score/score-chunk.ts';
import { type ScoringInputs, scoringInputs } from '../../jobs/score/scoring-inputs.ts';
import { appliedThresholds, initialThresholdOf } from '../../jobs/score/thresholds/moving-bands.ts';
import { type LineTexts, toContributions } from '../../src/domain/stored-lines.ts';
import { toLead } from '../../src/people/to-lead.ts';
import type { PlanTally } from '../../src/review/plan/plan.ts';
import type { Move, PlannedLead, Standing, WonDeal } from '../../src/review/plan/plan-report.ts';
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import { lineTexts } from '../../src/scoring/line-texts.ts';
import { scoreLeadOnly } from '../../src/scoring/score-lead.ts';
import { basisValue } from '../../src/scoring/status.ts';
import { pointsByBand, thresholdsOf } from '../../src/store/leads/band-thresholds.ts';
import type { NewResult, ScoredLead } from '../../src/store/leads/scored-lead.ts';
import { type PagedLead, pagesOfLeads } from '../../src/store/replay/lead-pages.ts';
import type { PointRange } from './planned-thresholds.ts';

export interface PlanInput {
  readonly context: JobContext;
  /** The first model in use. */
  readonly live: ScoredModel;
  /** All models in use. */
  readonly applied: readonly ScoredModel[];
  /** The labels of the models that gave the stored results, by hash. */
  readonly texts: ReadonlyMap<string, LineTexts>;
  /** Of the first planned model, in points by band. */
  readonly thresholds: Readonly<Record<string, number>>;
  /** Of the bands that have no threshold yet. */
  readonly firsts: readonly PointRange[];
}

export interface PlannedWriteCount {
  readonly crm: string;
  readonly records: number;
  readonly writes: number;
  /** API calls. */
  readonly calls: number;
}

interface Scored {
  readonly writes: readonly PlannedWriteCount[];
  /** Leads of which a change waits to be scored, with any model. */
  readonly due: number;
  /** Leads that could not be scored. */
  readonly failed: number;
}

/**
 * @param tally counts each lead that has a score, or gets one
 * @param onChange called for each lead whose status, grade or total changes
 */
export async function scoreAllLeads(
  input: PlanInput,
  tally: PlanTally,
  onChange: (planned: PlannedLead, move: Move | null) => Promise<void>,
): Promise<Scored> {
  const { context, live, applied, texts, thresholds, firsts } = input;
  const inputs = await scoringInputs(context);
  const now = instantOf(context);
  const { crms, model: first, models, timezone } = context;
  const pages = { now: new Date(now), crms: [...crms.keys()], types: activityTypes(live, ...models) };
  const ofModels = new Map([...(await appliedThresholds(context)), [first.hash, thresholds]]);
  const chunk = { crms, models, timezone, inputs, thresholds: ofModels, earlierTexts: texts, now };
  const judges = {
    before: {
      model: live,
      inputs: await scoringInputs({ ...context, model: live, models: applied }),
      thresholds: pointsByBand(await thresholdsOf(context.db, live.hash)),
    },
    after: { model: first, inputs, thresholds },
  };
  const sums = new Sums(crms.keys());
  for await (const { lead, scored } of scoredLeads(pagesOfLeads(context.db, pages), { chunk, first, firsts })) {
    sums.add(lead, scored);
    const won = scored.failure === undefined ? wonBy(lead, judges) : null;
    if (won !== null) tally.addWon(won);
    const planned = standings(lead, scored, { texts, model: first.compiled });
    if (planned.before === null && planned.after === null) continue;
    const move = tally.add(planned);
    if (move !== null || isRescored(planned)) await onChange(planned, move);
  }
  return sums.result((crm) => crms.get(crm)?.connector.batch.write ?? 1);
}

interface Scorer {
  readonly chunk: ChunkContext;
  readonly first: ScoredModel;
  readonly firsts: readonly PointRange[];
}

/** Those with a record that is scored. */
async function* scoredLeads(pages: AsyncIterable<readonly PagedLead[]>, scorer: Scorer) {
  for await (const page of pages) {
    const leads = page.filter(({ records }) => records.length > 0);
    for (const [index, scored] of scoreChunk(leads, scorer.chunk).entries()) {
      const lead = leads[index];
      if (lead !== undefined) yield { lead, scored: afterFirstThreshold(lead, scored, scorer) };
    }
  }
}

/** A lead between the floor of a band and its first threshold is scored again when that is set, without hysteresis. */
function afterFirstThreshold(lead: PagedLead, scored: ScoredLead, { chunk, first, firsts }: Scorer): ScoredLead {
  const scores = scored.unscored ? null : (scored.result ?? lead.previous);
  if (scores === null || scored.failure !== undefined) return scored;
  const points = basisValue(first.compiled.status, { fit: scores.fit_score, behavior: scores.behavior_score });
  if (!firsts.some(({ from, below }) => points >= from && points < below)) return scored;
  const [again] = scoreChunk([{ ...lead, cause: initialThresholdOf([first]) }], chunk);
  return again ?? scored;
}

/** What the plan costs, and what it could not tell. */
class Sums {
  readonly #counts: ReadonlyMap<string, { records: number; writes: number }>;
  #due = 0;
  #failed = 0;

  constructor(crms: Iterable<string>) {
    this.#counts = new Map([...crms].map((crm) => [crm, { records: 0, writes: 0 }]));
  }

  add({ records, isDue }: PagedLead, scored: ScoredLead): void {
    if (isDue) this.#due++;
    if (scored.failure !== undefined) this.#failed++;
    for (const { crm } of records) this.#count(crm, 'records');
    for (const { crm, kind } of scored.records) if (kind === 'write') this.#count(crm, 'writes');
  }

  #count(crm: string, what: 'records' | 'writes'): void {
    const known = this.#counts.get(crm);
    if (known !== undefined) known[what]++;
  }

  result(batchOf: (crm: string) => number): Scored {
    const writes = [...this.#counts].map(([crm, { records, writes: each }]) => {
      return { crm, records, writes: each, calls: Math.ceil(each / batchOf(crm)) };
    });
    return { writes, due: this.#due, failed: this.#failed };
  }
}

export function instantOf({ asOf, clock }: JobContext): number {
  return (asOf ?? clock.now()).getTime();
}

/** What the models read. */
function activityTypes(...models: readonly ActiveModel[]): readonly string[] {
  return [...new Set(models.flatMap(({ compiled }) => [...compiled.behavior.subscriptions.keys()]))];
}

interface Judge {
  readonly model: ScoredModel;
  readonly inputs: ScoringInputs;
  readonly thresholds: Readonly<Record<string, number>>;
}

/** With the fields and thresholds of today, and the activities before the deal was won; null = none was. */
function wonBy(lead: PagedLead, judges: { readonly before: Judge; readonly after: Judge }): WonDeal | null {
  const { wonAt } = lead;
  if (wonAt === null) return null;
  const statusBy = ({ model, inputs, thresholds }: Judge) => {
    const person = toLead(lead, inputs);
    return applies(model, person) ? scoreLeadOnly(person, model.compiled, wonAt, { thresholds }).status : null;
  };
  return { before: statusBy(judges.before), after: statusBy(judges.after) };
}

interface Models {
  readonly texts: ReadonlyMap<string, LineTexts>;
  readonly model: CompiledModel;
}

function standings(lead: PagedLead, scored: ScoredLead, models: Models): PlannedLead {
  const [first] = lead.records;
  const before = beforeOf(lead, models.texts);
  const unchanged = scored.unscored ? null : before;
  const after = scored.result === null ? unchanged : afterOf(scored.result, models);
  return { lead: `${first?.crm}:${first?.id}`, before, after };
}

function beforeOf({ previous, shown }: PagedLead, texts: ReadonlyMap<string, LineTexts>): Standing | null {
  if (previous === null || shown === null) return null;
  const { status, grade, contributions, model_hash } = previous;
  const lines = toContributions(contributions, texts.get(model_hash) ?? new Map());
  return { status, grade, total: shown.total, points: byLine(lines), gates: shown.gates.map(({ label }) => label) };
}

function afterOf({ status, grade, total, contributions, gates }: NewResult, { model }: Models): Standing {
  const lines = toContributions(contributions, lineTexts(model));
  return { status, grade, total, points: byLine(lines), gates: gates.map(({ label }) => label) };
}

function byLine(lines: ReturnType<typeof toContributions>): Standing['points'] {
  return new Map(lines.map(({ signal, label, points }) => [signal, { label, points }]));
}

function isRescored({ before, after }: PlannedLead): boolean {
  return before?.total !== after?.total || before?.grade !== after?.grade;
}
