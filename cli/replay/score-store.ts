// `npx leadgrade score --store --as-of INSTANT`: what the scores of all stored leads were, or would have been
// with another model.
import type { JobContext } from '../../jobs/context.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import { toPrintedResult } from '../../src/scoring/explanation/print-result.ts';
import { leadIdsAfter, leadsAsOf } from '../../src/store/replay/leads-as-of.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { writeWithBackpressure } from '../terminal/write-stream.ts';
import { AS_TODAY, checkInstant, openReplay, type Replayed } from './replay.ts';

const PAGE = 500;

export interface StoreOptions {
  readonly asOf: Date;
  readonly model?: string;
  readonly json?: true;
}

export function scoreStore(io: CommandIo, options: StoreOptions): Promise<void> {
  const { asOf, model } = options;
  return withProduct(io, { asOf, models: model, logErrorsOnly: true }, async ({ context }) => {
    checkInstant(asOf, context);
    const counts = { scored: 0, refused: 0 };
    for await (const { name, replayed } of replayAll(context, options)) {
      if ('refused' in replayed) {
        counts.refused++;
        io.stderr.write(`${name}: ${replayed.refused}\n`);
      } else {
        counts.scored++;
        const line = options.json ? jsonLine(replayed, asOf, context.timezone) : textLine(replayed);
        await writeWithBackpressure(io.stdout, `${line}\n`);
      }
    }
    io.stderr.write(`${counts.scored} leads replayed, ${counts.refused} refused. ${AS_TODAY}\n`);
    if (counts.refused > 0) io.setExitCode(1);
  });
}

/** The leads in scope that had a record by then, by their first record. */
async function* replayAll(context: JobContext, { asOf, model }: StoreOptions) {
  const { db, crms } = context;
  const replay = await openReplay(context, asOf, model === undefined ? null : context.model);
  let ids = await leadIdsAfter(db, 0, PAGE);
  while (ids.length > 0) {
    const leads = await leadsAsOf(db, ids, { at: asOf, crms: [...crms.keys()] });
    for (const lead of leads.filter((each) => replay.isInScope(each))) {
      const [first] = lead.records;
      yield { name: `${first?.crm}:${first?.id}`, replayed: await replay.score(lead) };
    }
    ids = await leadIdsAfter(db, ids.at(-1) ?? 0, PAGE);
  }
}

function jsonLine({ result, lead, model }: Replayed, asOf: Date, timezone: string): string {
  return JSON.stringify(toPrintedResult(result, explain(result, lead, model.compiled, asOf.getTime(), { timezone })));
}

function textLine({ result: { id, total, fit, behavior, grade, status }, model }: Replayed): string {
  const label = model.compiled.bands.find((band) => band.id === status)?.label ?? status;
  return `${id}  ${total} = fit ${fit.score} (${grade}) + behavior ${behavior.score}. ${label}`;
}
