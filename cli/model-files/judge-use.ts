// `validate --against`: what the leads of the database, or of a file, say of a valid model.
import { toModelWhere, withModel } from '../../jobs/context.ts';
import { storedLeads } from '../../jobs/score/stored-leads.ts';
import type { Fields, Lead } from '../../src/domain/lead.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { findUseProblems, MIN_LEADS } from '../../src/review/find-use-problems.ts';
import { ModelUse, type UseReport } from '../../src/review/model-use.ts';
import { countOf } from '../../src/review/use-texts.ts';
import { type CompiledModel, compileModel } from '../../src/scoring/compile/compile.ts';
import type { Condition } from '../../src/scoring/schemas/condition.ts';
import type { Model } from '../../src/scoring/schemas/model.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { byPlace, formatPath, type Path, type Place } from '../../src/yaml/paths.ts';
import { openLeadFile } from '../lead-sources/file-leads.ts';
import { reportFailures } from '../product/report-failures.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';

/** A valid model. */
export interface LocatedModel {
  readonly file: string;
  readonly model: Model;
  /** Which leads it scores, by the list that names it; null = all. */
  readonly where: Condition | null;
  readonly locate: (path: Path) => Place;
}

export interface Against {
  /** `store`, or a file. */
  readonly leads: string;
  /** The mapping of a CSV export. */
  readonly mapping: string | undefined;
  readonly asOf: Date;
}

export interface UseFound {
  readonly problems: readonly Problem[];
  /** By model, the number of leads; none if they could not be read. */
  readonly judged: readonly { readonly file: string; readonly leads: number }[];
}

/** What prevents it is printed, and sets the exit code. */
export async function judgeUse(io: CommandIo, models: readonly LocatedModel[], against: Against): Promise<UseFound> {
  const compiled = models.map((each): Compiled => {
    const where = each.where === null ? null : toModelWhere(each.where);
    const scores = (fields: Fields) => where === null || where.membership(fields) === 'in';
    return { ...each, compiled: compileModel(each.model), scores };
  });
  const found: UseFound[] = [];
  const add = (model: Compiled, use: UseReport) => found.push(useOf(model, use));
  if (against.leads === 'store') {
    await withProduct(io, { asOf: against.asOf, logErrorsOnly: true }, async ({ context }) => {
      for (const each of compiled) {
        const leads = storedLeads(withModel(context, { ...context.model, compiled: each.compiled }));
        add(each, await collect(leads, each, against));
      }
    });
  } else {
    await reportFailures(io, async () => {
      for (const each of compiled) {
        const file = { file: against.leads, mapping: against.mapping, asOf: against.asOf.getTime() };
        const source = await openLeadFile(io, file, { source: each.model, compiled: each.compiled });
        add(each, await collect(source.entries, each, against));
      }
    });
  }
  return { problems: found.flatMap(({ problems }) => problems), judged: found.flatMap(({ judged }) => judged) };
}

interface Compiled extends LocatedModel {
  readonly compiled: CompiledModel;
  /** Whether it scores a lead with these fields. */
  readonly scores: (fields: Fields) => boolean;
}

/** A row that was refused was printed when it was read. */
async function collect(
  entries: AsyncIterable<{ readonly lead: Lead } | { readonly error: unknown }>,
  { compiled, scores }: Compiled,
  { asOf }: Against,
): Promise<UseReport> {
  const use = new ModelUse(compiled);
  for await (const entry of entries) {
    if (!('lead' in entry) || !scores(entry.lead.fields)) continue;
    use.add(entry.lead, scoreLead(entry.lead, compiled, asOf.getTime()));
  }
  return use.report();
}

function useOf({ file, model, compiled, locate }: Compiled, use: UseReport): UseFound {
  const problems = findUseProblems(model, compiled, use).map(({ path, ...problem }): Problem => {
    return { ...problem, file, ...locate(path), path: formatPath(path) };
  });
  return { problems: problems.toSorted(byPlace), judged: [{ file, leads: use.sample.leads }] };
}

/** @param from `store`, or the file of the leads */
export function judgedLines({ judged }: UseFound, from: string): string[] {
  const place = from === 'store' ? 'the database' : from;
  return judged.map(({ file, leads }) => {
    const tooFew = leads < MIN_LEADS ? ` Too few to judge a model by: at least ${MIN_LEADS}.` : '';
    return `${file}: judged by ${countOf(leads)} ${leads === 1 ? 'lead' : 'leads'} of ${place}.${tooFew}`;
  });
}
