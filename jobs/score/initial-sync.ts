// Whether anybody may be scored yet. A lead whose activities are half read would be scored, written, and written again: scoring waits
// until every CRM was read once. It does not wait for one that is down, as long as there is another one that was read: what the
// one that is down has not shown to its end counts as not seen (scoring-basis.ts), and everybody is scored again once it has.
import { listPauses } from '../../src/store/sync/crm-pauses.ts';
import { areStreamsComplete } from '../../src/store/sync/pending-work.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { isCrmDown } from '../failure-policy.ts';

export async function isInitialSyncDone(context: JobContext): Promise<boolean> {
  const unread: string[] = [];
  for (const mapped of context.crms.values()) {
    if (!(await isRead(context, mapped))) unread.push(mapped.connector.id);
  }
  if (unread.length === 0) return true;
  if (unread.length === context.crms.size) return false;
  const now = context.clock.now();
  const halts = await listPauses(context.db, unread);
  const resting = new Set(
    halts.filter((each) => each.direction === 'read' && isCrmDown(each, now)).map(({ crm }) => crm),
  );
  if (!unread.every((crm) => resting.has(crm))) return false;
  context.log.info({ crms: unread }, 'leads are scored without what was never read to its end');
  return true;
}

function isRead({ db }: JobContext, { connector }: MappedCrm): Promise<boolean> {
  return areStreamsComplete(
    db,
    connector.streams.map((stream) => ({ crm: connector.id, stream: stream.id })),
  );
}
