// Assertions about a Salesforce org after any fault, and about the requests that it received.
import { expect } from 'vitest';
import { pendingWork } from '../../../src/store/sync/pending-work.ts';
import { leads } from '../../support/leads.ts';
import {
  openSalesforceProduct,
  type SalesforceProduct,
  type SalesforceProductOptions,
} from '../../support/salesforce-product.ts';
import type { LoggedRequest } from '../../support/sandbox-crm.ts';

/** A product on six Leads of one company. Closed with the test that opens it. */
export function openOrg(options: SalesforceProductOptions = {}): Promise<SalesforceProduct> {
  return openSalesforceProduct({ dataset: leads(6), ...options });
}

/** The id of the Lead with that key in the data set. */
export function leadOf({ org }: SalesforceProduct, key: string): string {
  const id = org.leadIds.get(key);
  if (id === undefined) throw new Error(`Unknown person "${key}" in the data set.`);
  return id;
}

/** A demo request, which makes a Lead hot. */
export function askForDemo(product: SalesforceProduct, personId: string): Promise<unknown> {
  return product.control('POST', 'activities', { personId, type: 'form_submission', attributes: { form: 'demo' } });
}

/** The `seq` of the last request in the log. */
export async function logEnd(product: SalesforceProduct): Promise<number> {
  return (await product.log()).at(-1)?.seq ?? 0;
}

/** The number of collection updates that wrote each record. */
export async function timesWritten(product: SalesforceProduct, since?: number): Promise<ReadonlyMap<string, number>> {
  const accepted = (await product.writes(since)).filter(({ status }) => status === 200);
  const times = new Map<string, number>();
  for (const id of accepted.flatMap(({ ids = [] }) => ids)) times.set(id, (times.get(id) ?? 0) + 1);
  return times;
}

/** Queries of Leads or Contacts by their IDs. */
export async function fetches(product: SalesforceProduct, since: number): Promise<readonly LoggedRequest[]> {
  return (await product.log(since)).filter(({ query }) => {
    return /FROM (?:Lead|Contact) WHERE Id IN/.test(new URLSearchParams(query).get('q') ?? '');
  });
}

export function warnings(product: SalesforceProduct): readonly string[] {
  return product.lines.filter(({ level }) => level !== 'info').map(({ message }) => message);
}

/** Lets this many minutes pass, with a poll in each. */
export async function pollFor(product: SalesforceProduct, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    product.advanceClock(60_000);
    await product.poll();
  }
}

/**
 * No work is left, the org holds the values that the store expects, and another sync writes
 * nothing.
 */
export async function expectInSync(product: SalesforceProduct): Promise<void> {
  const { db, clock } = product.context;
  expect(await pendingWork(db, clock.now(), ['salesforce'])).toMatchObject({ dirty: 0, due: 0, outbox: 0 });
  const rows = await db
    .selectFrom('records')
    .select(['object', 'id', 'crm_values'])
    .where('state', '=', 'live')
    .execute();
  for (const { object, id, crm_values } of rows) {
    const visible = await product.record(object === 'Lead' ? 'Lead' : 'Contact', id);
    expect(visible.Leadgrade_Status__c ?? null).toBe(crm_values.status ?? null);
    expect(visible.Leadgrade_Total_Score__c ?? null).toBe(crm_values.total_score ?? null);
    expect(visible.Leadgrade_Explanation__c ?? null).toBe(crm_values.explanation ?? null);
  }
  const before = await logEnd(product);
  expect((await product.sync()).state).toBe('done');
  expect(await product.writes(before)).toEqual([]);
}
