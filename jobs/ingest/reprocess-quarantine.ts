// Parses quarantined webhook bodies again, which an earlier version could not parse. Bodies that
// are parsed now move from the quarantine to the inbox.
import type { CrmConnector } from '../../src/crm/connector.ts';
import { toInboxEvent } from '../../src/crm/webhook-receiver.ts';
import { insertInboxEvents } from '../../src/store/inbox/inbox.ts';
import { deleteFromQuarantine, quarantinedTexts } from '../../src/store/inbox/quarantine.ts';
import type { JobContext } from '../context.ts';

const CHUNK = 100;

/** Returns the number of bodies that are parsed now. */
export async function reprocessQuarantine(
  context: Pick<JobContext, 'db' | 'crms' | 'clock' | 'enqueue'>,
): Promise<number> {
  let parsed = 0;
  for (const { connector } of context.crms.values()) parsed += await reprocessCrm(context, connector);
  if (parsed > 0) await context.enqueue('process-inbox', {});
  return parsed;
}

async function reprocessCrm(
  { db, clock }: Pick<JobContext, 'db' | 'clock'>,
  { id: crm, webhook }: CrmConnector,
): Promise<number> {
  if (!webhook) return 0;
  let parsedCount = 0;
  for (let after = 0; ; ) {
    const bodies = await quarantinedTexts(db, { crm, after, limit: CHUNK });
    const results = bodies.map(({ id, body, received_at }) => ({ id, ...webhook.reparse(body, received_at) }));
    const parsed = results.filter(({ unparsed }) => unparsed.length === 0);
    await db.transaction().execute(async (tx) => {
      const events = parsed.flatMap((result) => result.events.map(toInboxEvent));
      await insertInboxEvents(tx, crm, events, clock.now());
      await deleteFromQuarantine(
        tx,
        parsed.map(({ id }) => id),
      );
    });
    parsedCount += parsed.length;
    after = bodies.at(-1)?.id ?? after;
    if (bodies.length < CHUNK) return parsedCount;
  }
}
