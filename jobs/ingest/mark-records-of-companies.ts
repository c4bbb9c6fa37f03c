// Marks the records of companies that webhooks named as dirty. For a deleted company the CRM names
// no records; only the store knows which records had it.
import type { ChangeStream } from '../../src/crm/streams.ts';
import { PRIORITY } from '../../src/domain/priority.ts';
import type { WaitingEvent } from '../../src/store/inbox/inbox.ts';
import { markDirtyByCompany } from '../../src/store/records/mark-dirty-from-webhook.ts';
import type { JobContext } from '../context.ts';

/** Does nothing for streams of other items. @param events most urgent first */
export async function markRecordsOfCompanies(
  { db, clock, debounceMs }: JobContext,
  crm: string,
  { isCompanies }: ChangeStream,
  events: readonly WaitingEvent[],
): Promise<void> {
  if (isCompanies !== true || events.length === 0) return;
  const companies = [...new Set(events.map(({ id }) => id))];
  const priority = events[0]?.priority ?? PRIORITY.change;
  await markDirtyByCompany(db, { crm, companies, priority }, { now: clock.now(), debounceMs });
}
