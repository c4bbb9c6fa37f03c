// What leads are scored with, besides their own data: model, scope, what neither the CRMs nor our own site let us see, whose word counts. Its hash is kept with
// every lead, so that a change of any of them scores everybody again, on the same path as a nightly change.
import { createHash } from 'node:crypto';
import type { PeopleView } from '../../src/people/to-lead.ts';
import { siteEventTypes } from '../../src/store/site-events/retention.ts';
import { allStreams, type StreamSummary } from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';

export interface ScoringInputs extends PeopleView {
  readonly hash: string;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export async function scoringInputs(context: JobContext): Promise<ScoringInputs> {
  const streams = await allStreams(context.db);
  const unobserved = new Map(
    [...context.crms.values()].map((crm) => [
      crm.connector.id,
      typesNotSeen(crm, streams, [...context.model.compiled.behavior.watchers.keys()]),
    ]),
  );
  // Only what a CRM does not show changes what anybody is scored with.
  const hidden = new Set([...unobserved.values()].flat());
  const fromSite = new Set((await siteEventTypes(context.db)).filter((type) => hidden.has(type)));
  const { match, ...policy } = context.people;
  const parts = [
    context.model.hash,
    context.timezone,
    // Scores as of another day are not those of today: the next scoring at the present makes them anew.
    context.asOf?.toISOString() ?? '',
    ...[...context.crms.values()].map((crm) => crm.scopeHash),
    JSON.stringify([...unobserved]),
    // As before where there is none, so that nobody is scored again for nothing.
    ...(fromSite.size === 0 ? [] : [JSON.stringify([...fromSite])]),
    JSON.stringify(policy),
  ];
  const names = new Map([...context.crms.values()].map(({ connector }) => [connector.id, connector.name]));
  return { hash: sha256(parts.join('\n')), unobserved, fromSite, policy: context.people, names };
}

/** Of the model's activity types, those that no stream shows that is open to us and was read: unknown, never zero. */
function typesNotSeen(
  { connector }: MappedCrm,
  streams: readonly StreamSummary[],
  modelTypes: readonly string[],
): readonly string[] {
  const read = new Set(
    streams
      .filter((each) => each.crm === connector.id && each.unavailableReason === null && each.completedAt !== null)
      .map((each) => each.stream),
  );
  const open = connector.streams.filter((stream) => read.has(stream.id));
  const seen = new Set(open.flatMap((stream) => stream.activityTypes));
  return modelTypes.filter((type) => !seen.has(type)).toSorted();
}
