// What CRMs sent and an earlier version did not understand, read again: what is understood now goes to the inbox, and leaves the quarantine.
import type { CrmConnector } from '../../src/crm/connector.ts';
import { toInboxEvent } from '../../src/crm/webhook-receiver.ts';
import { insertInboxEvents } from '../../src/store/inbox/inbox.ts';
import { deleteFromQuarantine, quarantinedTexts } from '../../src/store/inbox/quarantine.ts';
import type { JobContext } from '../context.ts';

const CHUNK = 100;

/** Gives how many parts are understood now. */
export async function reprocessQuarantine(
  context: Pick<JobContext, 'db' | 'crms' | 'clock' | 'enqueue'>,
): Promise<number> {
  let understood = 0;
  for (const { connector } of context.crms.values()) understood += await readOfCrm(context, connector);
  if (understood > 0) await context.enqueue('process-inbox', {});
  return understood;
}

async function readOfCrm(
  { db, clock }: Pick<JobContext, 'db' | 'clock'>,
  { id: crm, webhook }: CrmConnector,
): Promise<number> {
  if (!webhook) return 0;
  let understood = 0;
  for (let after = 0; ; ) {
    const parts = await quarantinedTexts(db, { crm, after, limit: CHUNK });
    const read = parts.map(({ id, body, received_at }) => ({ id, ...webhook.reparse(body, received_at) }));
    const clear = read.filter(({ unparsed }) => unparsed.length === 0);
    await db.transaction().execute(async (tx) => {
      const events = clear.flatMap((part) => part.events.map(toInboxEvent));
      await insertInboxEvents(tx, crm, events, clock.now());
      await deleteFromQuarantine(
        tx,
        clear.map(({ id }) => id),
      );
    });
    understood += clear.length;
    after = parts.at(-1)?.id ?? after;
    if (parts.length < CHUNK) return understood;
  }
}
