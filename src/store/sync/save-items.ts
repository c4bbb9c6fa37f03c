// What a stream shows, kept: on a page, item by item as webhooks name them, or found by a comparison of links.
import type { Kysely, Transaction } from 'kysely';
import type { ChangePage, DirtyRecord, LinkFindings, StreamItems } from '../../domain/crm-changes.ts';
import type { Priority } from '../../domain/priority.ts';
import { dropActivities, takeActivities } from '../activities/activities.ts';
import { dropOutcomes, takeOutcomes } from '../activities/outcomes.ts';
import { noLongerThere } from '../activities/removed-items.ts';
import { type DueManner, holdLeads } from '../leads/mark-due.ts';
import { markPushed, markPushedByPages } from '../records/mark-dirty.ts';
import { markDirty } from '../records/save-snapshots.ts';
import type { Tables } from '../tables/tables.ts';

interface OfStream extends DueManner {
  readonly crm: string;
  readonly stream: string;
  readonly now: Date;
}

interface TakeItems extends OfStream {
  readonly quietMs: number;
  readonly priority: Priority;
}

/**
 * Keeps items that were read by their ids; `also` is done in the last transaction. No cursor moves. Whoever an item was taken from is
 * read again as well: what the CRM counts on a record has changed there, too.
 */
export async function takeItems(
  db: Kysely<Tables>,
  items: StreamItems,
  options: TakeItems,
  also: (tx: Transaction<Tables>) => Promise<void>,
): Promise<void> {
  const { crm, priority } = options;
  const pushed = (records: readonly DirtyRecord[]) => records.map(({ ref }) => ({ ...ref, priority }));
  await markPushedByPages(db, crm, pushed(items.dirty), options);
  await db.transaction().execute(async (tx) => {
    const { gone, goneOutcomes } = await noLongerThere(tx, crm, items);
    const shown = [items.activities, gone, items.outcomes, goneOutcomes].flat();
    await holdLeads(
      tx,
      crm,
      shown.map(({ ref }) => ref),
    );
    await markPushed(tx, crm, pushed([...gone, ...goneOutcomes]), options);
    await keepItems(tx, items, { gone, goneOutcomes }, { ...options, pass: null });
    await also(tx);
  });
}

/** Activities and outcomes that are shown, and those that are gone. */
export async function keepItems(
  tx: Transaction<Tables>,
  { activities, outcomes }: Pick<ChangePage, 'activities' | 'outcomes'>,
  { gone, goneOutcomes }: Pick<LinkFindings, 'gone' | 'goneOutcomes'>,
  options: OfStream & { readonly pass: number | null },
): Promise<void> {
  const { crm, now } = options;
  await takeActivities(tx, activities, options);
  await dropActivities(tx, crm, gone, now);
  await takeOutcomes(tx, outcomes, options);
  await dropOutcomes(tx, crm, goneOutcomes, now);
}

/** Keeps what a comparison of links found; it belongs to no stream's cursor. */
export async function takeFindings(
  db: Kysely<Tables>,
  found: LinkFindings,
  options: { crm: string; now: Date },
): Promise<void> {
  const { crm, now } = options;
  await db.transaction().execute(async (tx) => {
    const named = [found.dirty, found.activities, found.gone, found.outcomes, found.goneOutcomes].flat();
    await holdLeads(
      tx,
      crm,
      named.map(({ ref }) => ref),
    );
    await markDirty(tx, crm, found.dirty, now);
    for (const [stream, activities] of Map.groupBy(found.activities, (activity) => activity.stream)) {
      await takeActivities(tx, activities, { crm, stream, now, pass: null });
    }
    await dropActivities(tx, crm, found.gone, now);
    await takeOutcomes(tx, found.outcomes, { crm, now, pass: null });
    await dropOutcomes(tx, crm, found.goneOutcomes, now);
  });
}
