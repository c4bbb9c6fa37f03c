// Parses and stores the messages of one request to `/events`. The people of the events are found
// later, by a job.
import type { Kysely } from 'kysely';
import type { NormalizeId } from '../../src/crm/normalize-links.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { SiteEventProjector, SiteMessage } from '../../src/domain/site-event.ts';
import { withTimeout } from '../../src/runtime/with-timeout.ts';
import { type NewIdentity, type NewSiteEvent, saveSiteEvents } from '../../src/store/site-events/save-site-events.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import type { Metrics } from '../http/metrics.ts';
import { parseMessage } from './parse-message.ts';
import type { RequestMessages } from './parse-request.ts';
import { type EventsResponse, malformed } from './responses.ts';

export interface IngestParts {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  /** The CRMs that are set up: a message may contain IDs of their records. */
  readonly crms: readonly string[];
  /** Absent: every ID in a message is in the form of its CRM's API. */
  readonly normalizeId?: NormalizeId | undefined;
  readonly project: SiteEventProjector;
  /** Called after new events or identities were stored. */
  readonly trigger: () => void;
  readonly metrics: Pick<Metrics, 'request' | 'events'>;
  /** Time limit of storing. A client that gets no success sends the events again. */
  readonly storeTimeoutMs?: number;
}

const STORE_TIMEOUT_MS = 900;

/** Stores all valid messages, or none. @throws when they cannot be stored in time */
export async function ingest(
  parts: IngestParts,
  source: string,
  { messages, isBatch }: RequestMessages,
): Promise<EventsResponse> {
  const now = parts.clock.now();
  const batch = parseMessages(parts, messages, now);
  const [first] = batch.rejected;
  if (first !== undefined && batch.rejected.length === messages.length) {
    return malformed(first.message, isBatch ? batch.rejected : undefined);
  }
  await withTimeout(parts.storeTimeoutMs ?? STORE_TIMEOUT_MS, () => saveBatch(parts, source, batch, now));
  const rejected = first !== undefined && { rejected: batch.rejected };
  return { status: 200, outcome: 'stored', body: { success: true, ...rejected } };
}

interface ParsedBatch {
  readonly events: readonly NewSiteEvent[];
  readonly identities: readonly NewIdentity[];
  /** Messages that match no rule of the mapping. */
  readonly unmapped: number;
  readonly rejected: readonly { readonly index: number; readonly message: string }[];
}

/**
 * Flattens the messages one at a time and retains only the mapped fields: a flat message may be
 * large.
 */
function parseMessages(
  { crms, normalizeId, project }: IngestParts,
  messages: Iterable<unknown>,
  receivedAt: Date,
): ParsedBatch {
  const events: NewSiteEvent[] = [];
  const identities: NewIdentity[] = [];
  const rejected: { index: number; message: string }[] = [];
  let unmapped = 0;
  let index = -1;
  for (const value of messages) {
    index += 1;
    const parsed = parseMessage(value, { receivedAt, crms, normalizeId });
    if ('problem' in parsed) rejected.push({ index, message: parsed.problem });
    if (!('message' in parsed)) continue;
    const { messageId, at, email, record, userKey, anonymousKey } = parsed.message;
    const activity = project(parsed.message);
    if (activity === null) unmapped += 1;
    else events.push({ messageId, at, email, record, userKey, anonymousKey, ...activity });
    identities.push(...identitiesOf(parsed.message));
  }
  return { events, identities, unmapped, rejected };
}

/** An `identify` tells the person of a user, or else that an anonymous user is that user. */
function identitiesOf({ kind, email, record, userKey, anonymousKey, at }: SiteMessage): readonly NewIdentity[] {
  if (kind !== 'identify') return [];
  if (email === null && record === null) {
    if (userKey === null || anonymousKey === null) return [];
    return [{ key: anonymousKey, email, record, aliasOf: userKey, at }];
  }
  const keys = [userKey, anonymousKey].filter((key) => key !== null);
  return keys.map((key) => ({ key, email, record, aliasOf: null, at }));
}

async function saveBatch(
  { db, trigger, metrics }: IngestParts,
  source: string,
  { events, identities, unmapped, rejected }: ParsedBatch,
  now: Date,
): Promise<void> {
  const saved = await saveSiteEvents(db, { source, events, identities }, now);
  if (saved.events + saved.identities > 0) trigger();
  metrics.events(source, 'stored', saved.events);
  metrics.events(source, 'repeated', events.length - saved.events);
  metrics.events(source, 'no_rule', unmapped);
  metrics.events(source, 'rejected', rejected.length);
}
