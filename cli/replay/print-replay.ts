// `npx leadgrade explain hubspot:123 --as-of INSTANT`: the score of a lead at an instant in the past.
import type { JobContext } from '../../jobs/context.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import type { FoundLead } from '../../src/store/leads/lead-lookup.ts';
import { leadsAsOf } from '../../src/store/replay/leads-as-of.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import type { CommandIo } from '../terminal/io.ts';
import { AS_TODAY, openReplay } from './replay.ts';

interface ReplayOptions {
  readonly asOf: Date;
  readonly model?: string;
  readonly json: boolean;
}

/** @throws ConfigurationError if the score cannot be replayed */
export async function printReplay(
  io: CommandIo,
  context: JobContext,
  { id }: Pick<FoundLead, 'id'>,
  { asOf, model, json }: ReplayOptions,
): Promise<void> {
  const [lead] = await leadsAsOf(context.db, [id], { at: asOf, crms: [...context.crms.keys()] });
  if (lead === undefined) throw new ConfigurationError(`The lead was not known yet at ${asOf.toISOString()}.`);
  const replay = await openReplay(context, asOf, model === undefined ? null : context.model);
  const replayed = await replay.score(lead);
  if ('refused' in replayed) throw new ConfigurationError(replayed.refused);
  const { result, model: used } = replayed;
  const explanation = explain(result, replayed.lead, used.compiled, asOf.getTime(), { timezone: context.timezone });
  const notes = [...changedNote(lead.changedActivities), AS_TODAY];
  if (json) {
    io.stdout.write(`${JSON.stringify({ ...result, explanation, notes })}\n`);
    return;
  }
  const lines = [
    `${result.id} as of ${asOf.toISOString()}, from what was known then: ${result.status}, grade ${result.grade} (${used.compiled.id})`,
    explanation,
    '',
    ...notes,
  ];
  io.stdout.write(`${lines.join('\n')}\n`);
}

function changedNote(count: number): readonly string[] {
  if (count === 0) return [];
  return [`${count} ${count === 1 ? 'activity' : 'activities'} changed after that instant, and count as they are now.`];
}
