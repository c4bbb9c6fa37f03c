// `npx leadgrade explain hubspot:123 --as-of INSTANT`: the scores of a lead at an instant in the past.
import type { JobContext } from '../../jobs/context.ts';
import { leadName } from '../../src/domain/texts/lead-name.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import type { FoundLead } from '../../src/store/leads/lead-lookup.ts';
import { leadsAsOf } from '../../src/store/replay/leads-as-of.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import type { CommandIo } from '../terminal/io.ts';
import { type ModelOption, replayChoice } from './model-option.ts';
import { AS_TODAY, type ModelReplay, openReplay } from './replay.ts';

interface ReplayOptions {
  readonly asOf: Date;
  readonly model: ModelOption;
  readonly json: boolean;
}

/** @throws ConfigurationError if no score can be replayed */
export async function printReplay(
  io: CommandIo,
  context: JobContext,
  { id }: Pick<FoundLead, 'id'>,
  { asOf, model, json }: ReplayOptions,
): Promise<void> {
  const [lead] = await leadsAsOf(context.db, [id], { at: asOf, crms: [...context.crms.keys()] });
  if (lead === undefined) throw new ConfigurationError(`The lead was not known yet at ${asOf.toISOString()}.`);
  const replay = await openReplay(context, asOf, replayChoice(context, model));
  const replays = await replay.score(lead);
  if ('refused' in replays) throw new ConfigurationError(replays.refused);
  const [only] = replays;
  const isOnly = replays.length === 1;
  if (isOnly && only !== undefined && 'refused' in only) throw new ConfigurationError(only.refused);
  const printed: Printed = { name: leadName(lead.records), asOf, timezone: context.timezone };
  const notes = [...changedNote(lead.changedActivities), AS_TODAY];
  if (json) {
    const models = replays.map((each) => jsonOf(each, printed));
    const body = isOnly ? scoreOf(models[0] ?? {}) : { id: printed.name, as_of: asOf.toISOString(), models };
    io.stdout.write(`${JSON.stringify({ ...body, notes })}\n`);
    return;
  }
  const head = `${printed.name} as of ${asOf.toISOString()}, from what was known then`;
  const lines = isOnly
    ? replays.flatMap((each) => textOf(each, printed, `${head}: `))
    : [`${head}:`, ...replays.flatMap((each) => ['', ...textOf(each, printed, headingOf(each))])];
  io.stdout.write(`${[...lines, '', ...notes].join('\n')}\n`);
}

interface Printed {
  readonly name: string;
  readonly asOf: Date;
  readonly timezone: string;
}

function headingOf({ then: { name, role } }: ModelReplay): string {
  return `${name} (${role}): `;
}

function textOf(replay: ModelReplay, { asOf, timezone }: Printed, heading: string): string[] {
  if ('refused' in replay) return [`${heading}${replay.refused}`];
  if ('outside' in replay) return [`${heading}not scored, as ${replay.outside}`];
  const { result, lead, model } = replay;
  const { status, grade } = result;
  return [
    `${heading}${status}, grade ${grade} (${model.compiled.id})`,
    explain(result, lead, model.compiled, asOf.getTime(), { timezone }),
  ];
}

function jsonOf(replay: ModelReplay, { asOf, timezone }: Printed): object {
  const { name, role } = replay.then;
  if ('refused' in replay) return { name, role, scored: false, refused: replay.refused };
  if ('outside' in replay) return { name, role, scored: false, outside: replay.outside };
  const { result, lead, model } = replay;
  const explanation = explain(result, lead, model.compiled, asOf.getTime(), { timezone });
  return { name, role, scored: true, ...result, explanation };
}

/** Without what tells several models apart. */
function scoreOf(model: object): object {
  return Object.fromEntries(Object.entries(model).filter(([key]) => !['name', 'role', 'scored'].includes(key)));
}

function changedNote(count: number): readonly string[] {
  if (count === 0) return [];
  return [`${count} ${count === 1 ? 'activity' : 'activities'} changed after that instant, and count as they are now.`];
}
