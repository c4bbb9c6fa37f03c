// `npx leadgrade score --store --as-of INSTANT`: what the scores of all stored leads were, or would have been
// with another model.
import type { JobContext } from '../../jobs/context.ts';
import { leadName } from '../../src/domain/texts/lead-name.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import { toPrintedResult } from '../../src/scoring/explanation/print-result.ts';
import { leadIdsAfter, leadsAsOf } from '../../src/store/replay/leads-as-of.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { writeWithBackpressure } from '../terminal/write-stream.ts';
import { modelOption, replayChoice } from './model-option.ts';
import { AS_TODAY, checkInstant, type ModelReplay, openReplay, type Replay, type Replayed } from './replay.ts';

const PAGE = 500;

export interface StoreOptions {
  readonly asOf: Date;
  readonly model?: string;
  readonly json?: true;
}

export function scoreStore(io: CommandIo, { asOf, model, json }: StoreOptions): Promise<void> {
  const option = modelOption(model);
  return withProduct(io, { asOf, models: option.file, logErrorsOnly: true }, async ({ context }) => {
    checkInstant(asOf, context);
    const replay = await openReplay(context, asOf, replayChoice(context, option));
    const isNamed = replay.models.length > 1;
    const counts = new Map(replay.models.map(({ name }) => [name, 0]));
    let refused = 0;
    for await (const { name, replayed } of replayAll(context, replay, asOf)) {
      if ('refused' in replayed) {
        refused++;
        io.stderr.write(`${name}: ${replayed.refused}\n`);
      } else {
        counts.set(replayed.then.name, (counts.get(replayed.then.name) ?? 0) + 1);
        const line = json ? jsonLine(replayed, { asOf, context, isNamed }) : textLine(replayed, isNamed);
        await writeWithBackpressure(io.stdout, `${line}\n`);
      }
    }
    io.stderr.write(`${countsText(counts)}, ${refused} refused. ${AS_TODAY}\n`);
    if (refused > 0) io.setExitCode(1);
  });
}

/** `30 leads replayed`, or `1926 leads replayed by new_business, 74 by expansion`. */
function countsText(counts: ReadonlyMap<string, number>): string {
  const [first, ...others] = counts;
  if (others.length === 0) return `${first?.[1] ?? 0} leads replayed`;
  const more = others.map(([name, leads]) => `, ${leads} by ${name}`);
  return `${first?.[1] ?? 0} leads replayed by ${first?.[0]}${more.join('')}`;
}

interface Line {
  readonly name: string;
  readonly replayed: Replayed | { readonly refused: string };
}

/** The leads in scope that had a record by then, by their first record, with each model that scored them. */
async function* replayAll({ db, crms }: JobContext, replay: Replay, asOf: Date): AsyncGenerator<Line> {
  let ids = await leadIdsAfter(db, 0, PAGE);
  while (ids.length > 0) {
    const leads = await leadsAsOf(db, ids, { at: asOf, crms: [...crms.keys()] });
    for (const lead of leads.filter((each) => replay.isInScope(each))) {
      const name = leadName(lead.records);
      const replays = await replay.score(lead);
      if ('refused' in replays) yield { name, replayed: replays };
      else yield* linesOf(replays, name);
    }
    ids = await leadIdsAfter(db, ids.at(-1) ?? 0, PAGE);
  }
}

function* linesOf(replays: readonly ModelReplay[], name: string): Generator<Line> {
  for (const each of replays) {
    if ('refused' in each) yield { name: replays.length === 1 ? name : `${name}, ${each.then.name}`, replayed: each };
    else if (!('outside' in each)) yield { name, replayed: each };
  }
}

interface LineOptions {
  readonly asOf: Date;
  readonly context: Pick<JobContext, 'timezone'>;
  /** Several models are replayed. */
  readonly isNamed: boolean;
}

function jsonLine({ then, result, lead, model }: Replayed, { asOf, context, isNamed }: LineOptions): string {
  const explanation = explain(result, lead, model.compiled, asOf.getTime(), { timezone: context.timezone });
  const printed = toPrintedResult(result, explanation);
  return JSON.stringify(isNamed ? { name: then.name, role: then.role, ...printed } : printed);
}

function textLine({ then, result, model }: Replayed, isNamed: boolean): string {
  const { id, total, fit, behavior, grade, status } = result;
  const label = model.compiled.bands.find((band) => band.id === status)?.label ?? status;
  const line = `${id}  ${total} = fit ${fit.score} (${grade}) + behavior ${behavior.score}. ${label}`;
  return isNamed ? `${then.name}  ${line}` : line;
}
