// What must be true when a fault is over, whatever it was: nothing is left to do, and the CRM holds what the store believes.
import { expect } from 'vitest';
import { pendingWork } from '../../../src/store/sync/pending-work.ts';
import type { SeenContact, TestProduct } from '../../support/product.ts';

/** What a rep sees of a contact's score. */
export function scoreOf({ properties }: SeenContact) {
  return {
    grade: properties.leadgrade_fit_grade ?? null,
    fit: properties.leadgrade_fit_score ?? null,
    behavior: properties.leadgrade_behavior_score ?? null,
    total: properties.leadgrade_total_score ?? null,
    status: properties.leadgrade_status ?? null,
  };
}

/** The scores of all contacts by id. */
export async function scores(product: TestProduct): Promise<Readonly<Record<string, object>>> {
  return Object.fromEntries((await product.contacts()).map((contact) => [contact.id, scoreOf(contact)]));
}

/** How often each contact was named in a batch update that the CRM took in. */
export async function timesWritten(product: TestProduct, since?: number): Promise<ReadonlyMap<string, number>> {
  const taken = (await product.writes(since)).filter(({ status }) => status === 200 || status === 207);
  const times = new Map<string, number>();
  for (const id of taken.flatMap(({ ids = [] }) => ids)) times.set(id, (times.get(id) ?? 0) + 1);
  return times;
}

/** Where the log ends now: what comes later has a higher `seq`. */
export async function logEnd(product: TestProduct): Promise<number> {
  return (await product.log()).at(-1)?.seq ?? 0;
}

export function warnings(product: TestProduct): readonly string[] {
  return product.lines.filter(({ level }) => level !== 'info').map(({ message }) => message);
}

/** Nothing is left to do, the CRM holds what the store believes, and another round finds nothing to write. */
export async function expectInSync(product: TestProduct): Promise<void> {
  const { db, clock } = product.context;
  expect(await pendingWork(db, clock.now(), ['hubspot'])).toMatchObject({ dirty: 0, due: 0, outbox: 0 });
  const rows = await db.selectFrom('records').select(['id', 'crm_values']).where('state', '=', 'live').execute();
  for (const { id, crm_values } of rows) {
    const { properties } = await product.contact(id);
    expect(properties.leadgrade_status ?? null).toBe(crm_values.status ?? null);
    expect(properties.leadgrade_total_score ?? null).toBe(
      crm_values.total_score === null ? null : String(crm_values.total_score),
    );
    expect(properties.leadgrade_explanation ?? null).toBe(crm_values.explanation ?? null);
  }
  const before = await logEnd(product);
  expect((await product.sync()).state).toBe('done');
  expect(await product.writes(before)).toEqual([]);
}
