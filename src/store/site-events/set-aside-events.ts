// Events of the site whose person cannot be found, because the database refuses a value or code
// fails: they are set aside and tried again by themselves.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { ReadFailure } from '../../domain/crm-changes.ts';
import { SITE, SITE_EVENTS_STREAM } from '../../domain/site-event.ts';
import { jsonRows } from '../json-rows.ts';
import { clearSetAside, type SetAsideThing, saveSetAside } from '../set-aside/set-aside.ts';
import type { Tables } from '../tables/tables.ts';
import type { SiteEventKey } from './match-site-events.ts';
import { nextMatchAt } from './retention.ts';

const STREAM = SITE_EVENTS_STREAM;
const KIND = 'site-event';

function partOf({ source, messageId }: SiteEventKey) {
  return { stream: STREAM, kind: KIND, id: `${source}/${messageId}` };
}

/** Sets events aside: they wait until they are due. @returns those that were not set aside before */
export async function setEventsAside(
  db: Kysely<Tables>,
  failed: ReadonlyMap<SiteEventKey, ReadFailure>,
  now: Date,
): Promise<readonly SetAsideThing[]> {
  const rows = [...failed.keys()].map(({ source, messageId }) => ({ source, message_id: messageId }));
  return db.transaction().execute(async (tx) => {
    await sql`
      update leadgrade.site_events e set next_match_at = null
      from ${jsonRows(rows)} as t (source text, message_id text)
      where e.source = t.source and e.message_id = t.message_id`.execute(tx);
    const parts = [...failed].map(([event, failure]) => ({ ...partOf(event), failure }));
    return saveSetAside(tx, SITE, parts, now);
  });
}

/** Deletes what is set aside of events that were processed. @returns those that were set aside */
export function clearEvents(
  tx: Transaction<Tables>,
  events: readonly SiteEventKey[],
): Promise<readonly SetAsideThing[]> {
  return clearSetAside(tx, SITE, events.map(partOf));
}

/** Makes events pending that are due for another attempt, and forgets those that were purged. */
export async function requeueSetAside(db: Kysely<Tables>, now: Date): Promise<void> {
  const ofRow = sql`e.source = split_part(a.part_id, '/', 1) and e.message_id = substr(a.part_id, strpos(a.part_id, '/') + 1)`;
  const isEvent = sql`a.crm = ${SITE} and a.stream = ${STREAM} and a.kind = ${KIND}`;
  await sql`
    with forgotten as (
      delete from leadgrade.set_aside a where ${isEvent} and not exists (
        select from leadgrade.site_events e where ${ofRow} and e.assigned_at is null
      )
    )
    update leadgrade.site_events e set next_match_at = ${nextMatchAt(now)} from leadgrade.set_aside a
    where ${isEvent} and a.retry_at <= ${now} and ${ofRow} and e.assigned_at is null and e.next_match_at is null`.execute(
    db,
  );
}
