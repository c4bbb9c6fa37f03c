// The items of a page that the database refuses: the page is saved without them. A record is read
// again by its ID; any other item is saved when a change, or the nightly comparison, returns it.
import type { Kysely, Transaction } from 'kysely';
import type { ChangePage, ReadFailure, StreamItems } from '../../domain/crm-changes.ts';
import { processApart } from '../process-apart.ts';
import type { StreamKey } from '../sync/streams.ts';
import type { Tables } from '../tables/tables.ts';
import { clearSetAside, type NewSetAside, type SetAsideThing } from './set-aside.ts';

type Tx = Transaction<Tables>;

/** The lists of a page whose rows are saved one by one. */
export type PageItems = StreamItems & Partial<Pick<ChangePage, 'leads'>>;

/** The refused objects of a page. */
export type Refused = ReadonlyMap<object, ReadFailure>;

/** Undoes a trial. */
class Rollback extends Error {}

/**
 * Tries the items of a page, each part in a transaction that is rolled back.
 * @param error of the whole page
 * @param save saves a page
 * @throws `error` if it is not about items, or if all of several items are refused
 */
export async function findRefused<P extends PageItems>(
  db: Kysely<Tables>,
  page: P,
  error: unknown,
  save: (tx: Tx, part: P) => Promise<unknown>,
): Promise<Refused> {
  const { leads = [], dirty, activities, gone, outcomes } = page;
  const items: readonly object[] = [leads, dirty, activities, gone, outcomes].flat();
  const refused = await processApart(items, error, (part) => {
    const wanted = new Set(part);
    return tryToSave(db, (tx) =>
      save(
        tx,
        pick(page, (item) => wanted.has(item)),
      ),
    );
  });
  if (refused.size === 0 || (refused.size > 1 && refused.size === items.length)) throw error;
  return refused;
}

async function tryToSave(db: Kysely<Tables>, save: (tx: Tx) => Promise<unknown>): Promise<void> {
  try {
    await db.transaction().execute(async (tx) => {
      await save(tx);
      throw new Rollback();
    });
  } catch (error) {
    if (!(error instanceof Rollback)) throw error;
  }
}

function pick<P extends PageItems>(page: P, isKept: (item: object) => boolean): P {
  return {
    ...page,
    ...(page.leads === undefined ? {} : { leads: page.leads.filter(isKept) }),
    dirty: page.dirty.filter(isKept),
    activities: page.activities.filter(isKept),
    gone: page.gone.filter(isKept),
    outcomes: page.outcomes.filter(isKept),
  };
}

/** The page without the refused items. What is stored of them stays. */
export function withoutRefused<P extends PageItems>(page: P, refused: Refused): P {
  const kept = pick(page, (item) => !refused.has(item));
  if (page.complete === undefined) return kept;
  const ids = new Set([...page.activities, ...page.outcomes].filter((item) => refused.has(item)).map(({ id }) => id));
  const isKept = (id: string) => !ids.has(id);
  const complete = {
    activities: page.complete.activities.filter(isKept),
    outcomes: page.complete.outcomes.filter(isKept),
  };
  return { ...kept, complete };
}

const ITEM = 'item';
const UNTIL_NEXT_NIGHT_MS = 24 * 3_600_000;

/** What is set aside in the place of the refused items. */
export function toSetAside(stream: string, page: PageItems, refused: Refused): readonly NewSetAside[] {
  const records = [...(page.leads ?? []), ...page.dirty].flatMap((record): NewSetAside[] => {
    const failure = refused.get(record);
    return failure === undefined ? [] : [{ stream: record.ref.object, kind: 'record', id: record.ref.id, failure }];
  });
  const ids = new Map<string, ReadFailure>();
  for (const item of [...page.activities, ...page.outcomes, ...page.gone]) {
    const failure = refused.get(item);
    if (failure !== undefined) ids.set('id' in item ? item.id : item.activityId, failure);
  }
  const items = [...ids].map(([id, failure]): NewSetAside => {
    return { stream, kind: ITEM, id, failure, delayMs: UNTIL_NEXT_NIGHT_MS };
  });
  return [...records, ...items];
}

/** Deletes what is set aside of the items of a page that was saved. @returns those that were set aside */
export async function clearSavedItems(
  tx: Tx,
  { crm, stream }: StreamKey,
  { activities, gone, outcomes }: StreamItems,
): Promise<readonly SetAsideThing[]> {
  const ids = [...activities, ...outcomes].map(({ id }) => id).concat(gone.map(({ activityId }) => activityId));
  return clearSetAside(
    tx,
    crm,
    ids.map((id) => ({ stream, kind: ITEM, id })),
  );
}
