// The inputs of a scoring besides the data of the lead: model, scope, time zone, unobserved
// activity types, people policy. Their hash is stored with every lead, so a change of any of them
// makes all leads due, in the same way as a nightly change.
import { sha256Hex } from '../../src/domain/texts/sha256-hex.ts';
import type { PeopleView } from '../../src/people/to-lead.ts';
import { unreadableKey } from '../../src/people/unreadable-fields.ts';
import { listUnreadableFields } from '../../src/store/guard/unreadable-fields.ts';
import type { InputOptions } from '../../src/store/leads/input/scoring-input.ts';
import type { OtherModel } from '../../src/store/models/other-results.ts';
import { siteEventTypes } from '../../src/store/site-events/retention.ts';
import { allStreams, type StreamSummary } from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';

export interface ScoringInputs extends PeopleView {
  readonly hash: string;
  /** Hash of those that the operator decides. */
  readonly configHash: string;
  /** The others: what the CRMs do not show. */
  readonly lacking: readonly string[];
}

/** The records and activities that are scored. */
export function inputOptions({ crms, models }: Pick<JobContext, 'crms' | 'models'>): InputOptions {
  return { crms: [...crms.keys()], types: activityTypesOf(models) };
}

/** The activity types that any of the models reads. */
function activityTypesOf(models: JobContext['models']): string[] {
  return [...new Set(models.flatMap(({ compiled }) => [...compiled.behavior.subscriptions.keys()]))];
}

/** The models beside the first one, as the store knows them. */
export function otherModels(models: JobContext['models']): readonly OtherModel[] {
  return models.flatMap(({ key, hash, role }) => (key === null ? [] : [{ name: key, hash, isLive: role === 'live' }]));
}

/** Of models side by side: all that decides which of them scores whom, and what is written. Empty for one model. */
function sideBySide(models: JobContext['models']): readonly string[] {
  if (models.length === 1 && models.every(({ where }) => where === null)) return [];
  return [JSON.stringify(models.map(({ key, hash, role, where }) => [key, hash, role, where?.condition ?? null]))];
}

/**
 * @param at for a replay: what the CRMs did not show at that instant. Null = now
 */
export async function scoringInputs(context: JobContext, at: Date | null = null): Promise<ScoringInputs> {
  const { db, model, models, people, titles, timezone, asOf } = context;
  const crms = [...context.crms.values()];
  const streams = await allStreams(db);
  const modelTypes = activityTypesOf(models);
  const unobserved = new Map(crms.map((crm) => [crm.connector.id, unobservedTypes(crm, streams, modelTypes)]));
  // A site event matters here only if a CRM leaves its type unobserved.
  const allUnobserved = new Set([...unobserved.values()].flat());
  const siteActivityTypes = new Set((await siteEventTypes(db)).filter((type) => allUnobserved.has(type)));
  const unreadable = await unreadableFields(context, at);
  const { match, ...policy } = people;
  const config = [
    model.hash,
    timezone,
    // Scores as of another day are replaced by the next scoring as of now.
    asOf?.toISOString() ?? '',
    ...crms.map(({ scopeHash }) => scopeHash),
    ...sideBySide(models),
  ];
  const ofPeople = [JSON.stringify(policy), titles.hash];
  const parts = [
    ...config,
    JSON.stringify([...unobserved]),
    // Omitted if empty, so the hash of an installation without site events or unreadable fields does not change.
    ...(siteActivityTypes.size === 0 ? [] : [JSON.stringify([...siteActivityTypes])]),
    ...(unreadable.size === 0 ? [] : [JSON.stringify([...unreadable])]),
    ...ofPeople,
  ];
  const names = new Map(crms.map(({ connector }) => [connector.id, connector.name]));
  return {
    hash: sha256Hex(parts.join('\n')),
    configHash: sha256Hex([...config, ...ofPeople].join('\n')),
    lacking: [...listLacking('activity', unobserved), ...listLacking('field', unreadable)],
    unreadable,
    unobserved,
    siteActivityTypes,
    policy: people,
    names,
    addTitleFields: titles.addFields,
  };
}

async function unreadableFields(
  { db, crms }: Pick<JobContext, 'db' | 'crms'>,
  at: Date | null,
): Promise<ScoringInputs['unreadable']> {
  const fields = (await listUnreadableFields(db, [...crms.keys()])).filter(({ since }) => at === null || since <= at);
  return new Map(
    Array.from(Map.groupBy(fields, unreadableKey), ([key, ofObject]) => [key, ofObject.map(({ field }) => field)]),
  );
}

function listLacking(kind: string, byCrm: ReadonlyMap<string, readonly string[]>): readonly string[] {
  return [...byCrm].flatMap(([crm, names]) => names.map((name) => `${kind} ${crm} ${name}`));
}

/**
 * Activity types of the model without an available stream that was read to its end: unknown, never
 * zero.
 */
function unobservedTypes(
  { connector }: MappedCrm,
  streams: readonly StreamSummary[],
  modelTypes: readonly string[],
): readonly string[] {
  const read = new Set(
    streams
      .filter((row) => row.crm === connector.id && row.unavailableReason === null && row.completedAt !== null)
      .map((row) => row.stream),
  );
  const observed = new Set(
    connector.streams.filter((stream) => read.has(stream.id)).flatMap((stream) => stream.activityTypes),
  );
  return modelTypes.filter((type) => !observed.has(type)).toSorted();
}
