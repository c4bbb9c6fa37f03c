// `npx leadgrade explain hubspot:123`: the current score of one lead, its reasons, its records and its
// history.
import type { ActiveModel, JobContext } from '../../jobs/context.ts';
import { isInScope } from '../../jobs/score/score-chunk.ts';
import { inputOptions, scoringInputs } from '../../jobs/score/scoring-inputs.ts';
import type { DealOutcome } from '../../src/domain/outcome.ts';
import type { ScoreResult } from '../../src/domain/score-result.ts';
import { toLead } from '../../src/people/to-lead.ts';
import { asReadable } from '../../src/people/unreadable-fields.ts';
import { capacityLine } from '../../src/scoring/capacity/capacity-texts.ts';
import { bandIndexOf } from '../../src/scoring/status.ts';
import { outcomesOf } from '../../src/store/activities/outcomes.ts';
import { type Erasure, listErasures } from '../../src/store/erasure/erasures.ts';
import type { StoredThreshold } from '../../src/store/leads/band-thresholds.ts';
import { type FoundLead, findLead } from '../../src/store/leads/lead-lookup.ts';
import { listConflictsOfLead, type SeenConflict } from '../../src/store/records/field-conflicts.ts';
import { modelNamed } from '../models/named-model.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { withProduct } from '../product/with-product.ts';
import { type ModelOption, modelOption } from '../replay/model-option.ts';
import { printReplay } from '../replay/print-replay.ts';
import { checkInstant } from '../replay/replay.ts';
import type { CommandIo } from '../terminal/io.ts';
import type { LeadKey, LeadQuery } from '../terminal/lead-key.ts';
import { erasureLine } from './erase.ts';
import { firstJson, historiesJson, historiesOf, historyLines, RECENT } from './explain-history.ts';
import { explainModels, headingOf, modelsJson } from './explain-models.ts';
import {
  differenceJson,
  differenceLines,
  differencesOf,
  matchesOf,
  printLeads,
  recordLines,
  unreadableLines,
  unreadableOf,
} from './explain-records.ts';
import { findRecords } from './find-records.ts';

const MAX_CONFLICTS = 20;
/** Changes that `--history` prints. */
const HISTORY_LENGTH = 50;

export interface ExplainOptions {
  readonly asOf?: Date;
  readonly model?: string;
  /** Only the history, longer. */
  readonly history?: true;
  /** Changes of the history. */
  readonly limit?: number;
  readonly json: boolean;
}

export function explainLead(io: CommandIo, query: LeadQuery, options: ExplainOptions): Promise<void> {
  const { asOf } = options;
  const model = modelOption(options.model);
  return withProduct(io, { asOf, models: model.file, logErrorsOnly: true }, ({ context }) => {
    // A replay looks for the name among the models of its instant.
    const isNamedNow = asOf === undefined && model.name !== undefined;
    return run(io, isNamedNow ? withNamed(context, model.name) : context, query, { ...options, model });
  });
}

/** The options, with the model that `--model` names. */
interface Options extends Omit<ExplainOptions, 'model'> {
  readonly model: ModelOption;
}

async function run(io: CommandIo, context: JobContext, query: LeadQuery, options: Options): Promise<void> {
  const { json, asOf } = options;
  if (asOf !== undefined) checkInstant(asOf, context);
  const { name, key: named, records } = await findRecords(context, query);
  const live = records.filter(({ state }) => state === 'live');
  const leads = new Set(live.map(({ leadId }) => leadId));
  if (named === null && leads.size > 1) return printLeads(io, context, { name, records: live }, json);
  const key = named ?? live[0] ?? records[0];
  const found = key === undefined ? null : await findLead(context.db, key, inputOptions(context));
  if (found !== null && asOf !== undefined) return printReplay(io, context, found, { ...options, asOf });
  if (found !== null && options.history) return printHistory(io, context, found, options);
  if (found !== null) return print(io, context, found, options);
  const erasures = key === undefined ? [] : await listErasures(context.db, key);
  if (key !== undefined && erasures.length > 0) return printErasures(io, key, erasures, json);
  throw new ConfigurationError(
    named === null
      ? `No record has ${name} now. A former address identifies no record. Run "npx leadgrade backfill", or check the address.`
      : `${name} is not known. Run "npx leadgrade backfill", or check the ID.`,
  );
}

/** Only the model of that name, as it scores beside the others. */
function withNamed(context: JobContext, name: string): JobContext {
  const model = modelNamed(context, name);
  return { ...context, model, models: [model] };
}

async function printHistory(
  io: CommandIo,
  context: JobContext,
  found: FoundLead,
  { json, limit = HISTORY_LENGTH }: Options,
): Promise<void> {
  const inputs = await scoringInputs(context);
  const lead = toLead(asReadable(found, inputs.unreadable), inputs);
  const histories = await historiesOf(context, lead, { found, limit });
  const lines = historyLines(histories, context.retention);
  if (json) {
    const records = found.records.map(({ crm, object, id }) => ({ crm, object, id }));
    io.stdout.write(`${JSON.stringify({ records, ...historiesJson(histories) })}\n`);
  } else io.stdout.write(`${lines.length === 0 ? 'The lead was not scored yet.' : lines.slice(1).join('\n')}\n`);
}

async function print(io: CommandIo, context: JobContext, found: FoundLead, options: Options): Promise<void> {
  const { json, limit = RECENT } = options;
  const past = await pastOf(context, found.id);
  const now = context.clock.now().getTime();
  const inputs = await scoringInputs(context);
  const person = asReadable(found, inputs.unreadable);
  const inScope = isInScope(person, context.crms, found.wasInScope);
  const unreadable = await unreadableOf(context, found.records);
  const lead = toLead(person, inputs);
  const explained = await explainModels(context, lead, found, now);
  const histories = await historiesOf(context, lead, { found, limit });
  const isOnly = explained.length === 1;
  const [{ result, explanation }] = explained;
  const records = found.records.map(({ crm, object, id }) => ({ crm, object, id }));
  const { unobserved } = lead;
  const matches = await matchesOf(context, records);
  const differences = differencesOf(context, found.records);
  if (json) {
    const identity = { records, matches, differences: differences.map(differenceJson) };
    io.stdout.write(
      `${JSON.stringify({ ...result, in_scope: inScope, explanation, ...modelsJson(explained, histories), ...identity, unobserved, unreadable, ...past, ...firstJson(histories) })}\n`,
    );
    return;
  }
  const lines = [
    ...(inScope ? [] : ['Not scored: outside the scope of the mapping (leads.where). Its score would be:']),
    ...(isOnly ? [] : [result.id]),
    ...explained.flatMap((each) => [
      ...(isOnly ? [] : ['']),
      headingOf(each, isOnly),
      ...(each.outside === null ? [each.explanation, ...thresholdLines(each.result, each.stored, each.model)] : []),
    ]),
    ...recordLines(records, matches),
    ...differenceLines(differences),
    ...(unobserved.length === 0 ? [] : ['', `Activity types that the CRM does not show: ${unobserved.join(', ')}`]),
    ...unreadableLines(unreadable),
    ...outcomeLines(past),
    ...historyLines(histories, context.retention),
    ...conflictLines(past),
  ];
  io.stdout.write(`${lines.join('\n')}\n`);
}

interface Past {
  readonly outcomes: readonly DealOutcome[];
  readonly conflicts: readonly SeenConflict[];
}

async function pastOf({ db }: JobContext, leadId: FoundLead['id']): Promise<Past> {
  return {
    outcomes: await outcomesOf(db, leadId),
    conflicts: await listConflictsOfLead(db, leadId, MAX_CONFLICTS),
  };
}

function outcomeLines({ outcomes }: Past): string[] {
  return outcomes.length === 0 ? [] : ['', 'Deals:', ...outcomes.map(outcomeLine)];
}

function conflictLines({ conflicts }: Past): string[] {
  return conflicts.length === 0
    ? []
    : ['', 'Edits of our fields in the CRM, newest first:', ...conflicts.map(conflictLine)];
}

/** The points of the bands with `top` or `capacity`, as applied to this lead. */
function thresholdLines(
  { status, thresholds: applied = {} }: ScoreResult,
  stored: readonly StoredThreshold[],
  { compiled: { status: rules } }: ActiveModel,
): string[] {
  const lines = Object.entries(applied).map(([band, points]) => {
    const threshold = stored.find((row) => row.band === band);
    const capacity = rules.bands.find(({ id }) => id === band)?.capacity ?? null;
    const isInside = bandIndexOf(rules, status) <= bandIndexOf(rules, band);
    const from = threshold
      ? `computed from ${threshold.leads} leads on ${threshold.computed_at.toISOString().slice(0, 10)}`
      : 'initial value';
    if (threshold === undefined || capacity === null) return `  ${band}: from ${points} points (${from})`;
    const others =
      threshold.points === points
        ? ''
        : `  For this lead from ${points} points, until its points ${isInside ? 'fall' : 'rise'}.`;
    return `  ${capacityLine({ id: band, capacity, points: -Infinity }, threshold)}${others}`;
  });
  return lines.length === 0 ? [] : ['', 'Bands whose points follow the leads:', ...lines];
}

function conflictLine({ crm, id, field, ours, theirs, policy, seenAt }: SeenConflict): string {
  const printed = (value: string | number | null) =>
    value === null || value === '' ? 'nothing' : firstLine(String(value));
  const result = policy === 'respect' ? 'kept' : 'overwritten';
  return `  ${seenAt.toISOString()}  ${crm}:${id} ${field}: ${printed(theirs)} instead of ${printed(ours)} (${result})`;
}

function firstLine(text: string): string {
  const [line = ''] = text.split('\n');
  return line.length > 80 ? `${line.slice(0, 79)}...` : line;
}

function printErasures(io: CommandIo, key: LeadKey, erasures: readonly Erasure[], json: boolean): void {
  const lines = erasures.map((erasure) => erasureLine(key, erasure));
  io.stdout.write(json ? `${JSON.stringify({ id: `${key.crm}:${key.id}`, erasures })}\n` : `${lines.join('\n')}\n`);
}

function outcomeLine({ id, state, stage, amount, currency, createdAt, closedAt }: DealOutcome): string {
  const value = amount === null ? [] : [`${amount}${currency === null ? '' : ` ${currency}`}`];
  const dates = [
    ...(createdAt === null ? [] : [`since ${new Date(createdAt).toISOString()}`]),
    ...(closedAt === null ? [] : [`closed ${new Date(closedAt).toISOString()}`]),
  ];
  return `  ${[`${id} ${state}`, `stage ${stage ?? 'unknown'}`, ...value, ...dates].join(', ')}`;
}
