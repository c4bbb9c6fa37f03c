// Stores the events and unparsed parts of the webhook requests of one CRM.
import type { Kysely } from 'kysely';
import { type AcceptedWebhook, toInboxEvent } from '../../src/crm/webhook-receiver.ts';
import { insertInboxEvents } from '../../src/store/inbox/inbox.ts';
import { insertQuarantine } from '../../src/store/inbox/quarantine.ts';
import { storedAccount } from '../../src/store/sync/crm-accounts.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import { createBatchWriter } from '../http/batch-writer.ts';
import type { Metrics } from '../http/metrics.ts';

interface EventStoreParts {
  readonly db: Kysely<Tables>;
  readonly metrics: Pick<Metrics, 'events'>;
  /** Called after new events were stored. */
  readonly trigger: () => void;
}

/** The content of one request. */
export interface WebhookContent extends Omit<AcceptedWebhook, 'kind' | 'response'> {
  readonly now: Date;
}

/** Requests in one statement. */
const MAX_BATCH_REQUESTS = 10;
/** Queued requests: more than are stored within the time limit. */
const MAX_QUEUED_REQUESTS = 500;

/**
 * @returns resolves when the content is stored; `abandoned` is aborted when the request has timed
 *   out
 */
export function createEventStore(
  { db, metrics, trigger }: EventStoreParts,
  crm: string,
  timeoutMs: number,
): (content: WebhookContent, abandoned: AbortSignal) => Promise<void> {
  // Never changes once it is stored.
  let ownAccount: string | null = null;
  const write = async (contents: readonly WebhookContent[]) => {
    ownAccount ??= await storedAccount(db, crm);
    const isOwn = ({ account }: { readonly account?: string | undefined }) =>
      ownAccount === null || (account ?? ownAccount) === ownAccount;
    const now = contents[0]?.now ?? new Date(0);
    const events = contents.flatMap((content) => content.events);
    const unparsed = contents.flatMap((content) => content.unparsed);
    const [ownEvents, ownUnparsed] = [events.filter(isOwn), unparsed.filter(isOwn)];
    await insertQuarantine(db, crm, ownUnparsed, now);
    const inserted = await insertInboxEvents(db, crm, ownEvents.map(toInboxEvent), now);
    if (inserted > 0) trigger();
    metrics.events(crm, 'stored', inserted);
    metrics.events(crm, 'repeated', ownEvents.length - inserted);
    metrics.events(crm, 'unparsed', ownUnparsed.length);
    metrics.events(crm, 'other_account', events.length - ownEvents.length + unparsed.length - ownUnparsed.length);
    for (const [reason, count] of contents.flatMap(({ ignored }) => Object.entries(ignored))) {
      metrics.events(crm, reason, count);
    }
  };
  return createBatchWriter(write, { maxBatch: MAX_BATCH_REQUESTS, maxQueued: MAX_QUEUED_REQUESTS, timeoutMs });
}
