// What must be true of a Salesforce org when a fault is over, whatever it was; and what it was asked meanwhile.
import { afterEach, expect } from 'vitest';
import { pendingWork } from '../../../src/store/sync/pending-work.ts';
import { leads } from '../../support/leads.ts';
import {
  openSalesforceProduct,
  type SalesforceProduct,
  type SalesforceProductOptions,
  type SalesforceRequest,
} from '../../support/org-product.ts';

/** For one test file: products over Leads of one company, closed when the test ends. */
export function openedOrgs(people = 6): (options?: SalesforceProductOptions) => Promise<SalesforceProduct> {
  const opened: SalesforceProduct[] = [];
  afterEach(async () => {
    for (const product of opened.splice(0)) await product.close();
  });
  return async (options = {}) => {
    const product = await openSalesforceProduct({ dataset: leads(people), ...options });
    opened.push(product);
    return product;
  };
}

/** The id of the Lead with that key in the data set. */
export function leadOf({ org }: SalesforceProduct, key: string): string {
  const id = org.leadIds.get(key);
  if (id === undefined) throw new Error(`There is no person "${key}" in the data set.`);
  return id;
}

/** Somebody asks for a demo, which makes a Lead hot. */
export function askForDemo(product: SalesforceProduct, personId: string): Promise<unknown> {
  return product.control('POST', 'activities', { personId, type: 'form_submission', attributes: { form: 'demo' } });
}

/** Where the log ends now: what comes later has a higher `seq`. */
export async function logEnd(product: SalesforceProduct): Promise<number> {
  return (await product.log()).at(-1)?.seq ?? 0;
}

/** How often each record was named in a collection update that the org took in. */
export async function timesWritten(product: SalesforceProduct, since?: number): Promise<ReadonlyMap<string, number>> {
  const taken = (await product.writes(since)).filter(({ status }) => status === 200);
  const times = new Map<string, number>();
  for (const id of taken.flatMap(({ ids = [] }) => ids)) times.set(id, (times.get(id) ?? 0) + 1);
  return times;
}

/** Queries that ask for people by their ids. */
export async function fetches(product: SalesforceProduct, since: number): Promise<readonly SalesforceRequest[]> {
  return (await product.log(since)).filter(({ query }) => {
    return /FROM (?:Lead|Contact) WHERE Id IN/.test(new URLSearchParams(query).get('q') ?? '');
  });
}

export function warnings(product: SalesforceProduct): readonly string[] {
  return product.lines.filter(({ level }) => level !== 'info').map(({ message }) => message);
}

/** Lets so many minutes pass, with a tick in each. */
export async function tickFor(product: SalesforceProduct, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    product.advanceClock(60_000);
    await product.poll();
  }
}

/** Nothing is left to do, the org holds what the store believes, and another round finds nothing to write. */
export async function expectInSync(product: SalesforceProduct): Promise<void> {
  const { db, clock } = product.context;
  expect(await pendingWork(db, clock.now(), ['salesforce'])).toMatchObject({ dirty: 0, due: 0, outbox: 0 });
  const rows = await db
    .selectFrom('records')
    .select(['object', 'id', 'crm_values'])
    .where('state', '=', 'live')
    .execute();
  for (const { object, id, crm_values } of rows) {
    const shown = await product.record(object === 'Lead' ? 'Lead' : 'Contact', id);
    expect(shown.Leadgrade_Status__c ?? null).toBe(crm_values.status ?? null);
    expect(shown.Leadgrade_Total_Score__c ?? null).toBe(crm_values.total_score ?? null);
    expect(shown.Leadgrade_Explanation__c ?? null).toBe(crm_values.explanation ?? null);
  }
  const before = await logEnd(product);
  expect((await product.sync()).state).toBe('done');
  expect(await product.writes(before)).toEqual([]);
}
