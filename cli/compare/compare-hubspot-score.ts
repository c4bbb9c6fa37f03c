// `npx leadgrade compare hubspot-score`: for teams that migrate from HubSpot's own lead score.
import { storedLeads } from '../../jobs/score/stored-leads.ts';
import type { Lead } from '../../src/domain/lead.ts';
import { compareScores, type ScoreComparison, type ScorePair } from '../../src/review/compare-scores.ts';
import { countOf, percentOf } from '../../src/review/use-texts.ts';
import { toNumber } from '../../src/scoring/compile/operators.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { openLeadFile } from '../lead-sources/file-leads.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { type LoadedModel, loadModel, modelFile } from '../product/files/load-model.ts';
import { reportFailures } from '../product/report-failures.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';

export interface CompareOptions {
  readonly against: string;
  readonly mapping?: string;
  readonly model?: string;
  readonly field: string;
  readonly limit: number;
  readonly asOf?: Date;
  readonly json: boolean;
}

export function compareHubspotScore(io: CommandIo, options: CompareOptions): Promise<void> {
  return reportFailures(io, async () => {
    const asOf = options.asOf ?? io.clock.now();
    if (options.against === 'store') {
      const file = modelFile(io.env, options.model);
      await withProduct(io, { asOf, models: file, logErrorsOnly: true }, async ({ context }) => {
        print(io, await collect(storedLeads(context), context.model, asOf, options), options);
      });
      return;
    }
    const model = await loadModel(modelFile(io.env, options.model));
    const file = { file: options.against, mapping: options.mapping, asOf: asOf.getTime() };
    const { entries } = await openLeadFile(io, file, model);
    print(io, await collect(entries, model, asOf, options), options);
  });
}

interface Collected {
  readonly pairs: readonly ScorePair[];
  /** Leads without a score of HubSpot. */
  readonly without: number;
}

async function collect(
  entries: AsyncIterable<{ readonly lead: Lead } | { readonly error: unknown }>,
  { compiled }: Pick<LoadedModel, 'compiled'>,
  asOf: Date,
  { field }: CompareOptions,
): Promise<Collected> {
  const pairs: ScorePair[] = [];
  let without = 0;
  for await (const entry of entries) {
    if (!('lead' in entry)) continue;
    const value = entry.lead.fields[field] ?? null;
    const theirs = value === null || Array.isArray(value) ? null : toNumber(value);
    if (theirs === null) without++;
    else pairs.push({ id: entry.lead.id, ours: scoreLead(entry.lead, compiled, asOf.getTime()).total, theirs });
  }
  if (pairs.length > 0) return { pairs, without };
  throw new ConfigurationError(
    `No lead has a number in ${field}. Map HubSpot's score to it: ${field}: { from: contacts.<name of the score property>, as: number }.`,
  );
}

function print(io: CommandIo, { pairs, without }: Collected, { limit, json }: CompareOptions): void {
  const comparison = compareScores(pairs);
  const shown = { ...comparison, compared: comparison.compared.slice(0, limit), without_score: without };
  io.stdout.write(json ? `${JSON.stringify(shown)}\n` : `${lines(comparison, without, limit).join('\n')}\n`);
}

function lines({ leads, rank_agreement, shared_top, compared }: ScoreComparison, without: number, limit: number) {
  const agreement = rank_agreement === null ? 'unknown, as one score is the same for all' : rank_agreement.toFixed(2);
  const missing = without === 0 ? '' : ` ${countOf(without)} more have no score of HubSpot.`;
  const row = (cells: readonly string[]) =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(28) : cell.padStart(10))).join('');
  return [
    `${countOf(leads)} leads have both scores.${missing}`,
    `Rank agreement (Spearman): ${agreement}. 1 = the same order, 0 = none.`,
    shared_top === null
      ? "Whether HubSpot's best tenth is in ours is unknown, as one score is the same for all."
      : `Of HubSpot's best tenth, ${percentOf(shared_top)} are in ours.`,
    '',
    row(['LARGEST DIFFERENCES', 'ours', 'HubSpot', 'our rank', 'its rank']),
    ...compared
      .slice(0, limit)
      .map(({ id, ours, theirs, our_rank, their_rank }) =>
        row([id, ...[ours, theirs, our_rank, their_rank].map(String)]),
      ),
  ];
}
