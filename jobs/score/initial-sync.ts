// Whether leads may be scored yet. A lead whose activities are half read would be scored and
// written twice, so scoring waits until every CRM was read once. It does not wait for a CRM that is
// down if another CRM was read. The activity types that the CRM has not shown then count as
// unobserved (scoring-inputs.ts), and all leads are scored again when it was read.
import { listPauses } from '../../src/store/sync/crm-pauses.ts';
import { areStreamsComplete } from '../../src/store/sync/streams.ts';
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
  const pauses = await listPauses(context.db, unread);
  const down = new Set(
    pauses.filter((pause) => pause.direction === 'read' && isCrmDown(pause, now)).map(({ crm }) => crm),
  );
  if (!unread.every((crm) => down.has(crm))) return false;
  context.log.info({ crms: unread }, 'scoring without the data of CRMs that were never read to their end');
  return true;
}

function isRead({ db, clock }: JobContext, { connector }: MappedCrm): Promise<boolean> {
  return areStreamsComplete(
    db,
    connector.streams.map((stream) => ({ crm: connector.id, stream: stream.id })),
    clock.now(),
  );
}
