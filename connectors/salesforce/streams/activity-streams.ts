// Creates the activity streams that a rule of the mapping reads, and the opportunity stream if the
// mapping reads outcomes.

import type { ChangeStream } from '../../../src/crm/connector.ts';
import { outcomeSources } from '../../../src/mapping/mapping.ts';
import { mappedSources } from '../../../src/mapping/project-activities.ts';
import type { SalesforceParts } from '../parts.ts';
import { campaignMemberStream } from './campaign-member-stream.ts';
import { emailStream } from './email-stream.ts';
import { eventStream } from './event-stream.ts';
import { opportunityStream } from './opportunity-stream.ts';
import type { StreamReader } from './stream-reader.ts';
import { taskStream } from './task-stream.ts';

const STREAMS: Readonly<Record<string, (parts: SalesforceParts, stream: ChangeStream) => StreamReader>> = {
  campaign_members: campaignMemberStream,
  tasks: taskStream,
  events: eventStream,
  emails: emailStream,
};

/** The valid values of `from` in an activity rule. */
export const ACTIVITY_SOURCES: readonly string[] = Object.keys(STREAMS);

export function createActivityStreams(parts: SalesforceParts): readonly StreamReader[] {
  const sources = mappedSources(parts.mapping);
  const activities = Object.entries(STREAMS).flatMap(([id, create]) => {
    const types = sources.get(id);
    return types === undefined ? [] : [create(parts, { id, activityTypes: [...types] })];
  });
  const outcomes = outcomeSources(parts.mapping).has('opportunities') ? [opportunityStream(parts)] : [];
  return [...activities, ...outcomes];
}
