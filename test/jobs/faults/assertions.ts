// Assertions after any fault: no work is left, and the CRM holds the values that the store expects.
import { expect } from 'vitest';
import { pendingWork } from '../../../src/store/sync/pending-work.ts';
import type { SeenContact, TestProduct } from '../../support/product.ts';

/** The visible score of a contact. */
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

/** The number of batch updates that wrote each contact. */
export async function timesWritten(product: TestProduct, since?: number): Promise<ReadonlyMap<string, number>> {
  const accepted = (await product.writes(since)).filter(({ status }) => status === 200 || status === 207);
  const times = new Map<string, number>();
  for (const id of accepted.flatMap(({ ids = [] }) => ids)) times.set(id, (times.get(id) ?? 0) + 1);
  return times;
}

/** The `seq` of the last request in the log. */
export async function logEnd(product: TestProduct): Promise<number> {
  return (await product.log()).at(-1)?.seq ?? 0;
}

export function warnings(product: TestProduct): readonly string[] {
  return product.lines.filter(({ level }) => level !== 'info').map(({ message }) => message);
}

/**
 * No work is left, the CRM holds the values that the store expects, and another sync writes
 * nothing.
 */
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
