// Portals below Enterprise: activities that HubSpot only counts on a contact, dated by the history
// of the counters.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JobContext } from '../../../jobs/context.ts';
import { executeJob } from '../../../jobs/queue/worker.ts';
import { scopesOf } from '../../../sandbox/hubspot/http/scopes.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { allStreams } from '../../../src/store/sync/streams.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { NOW } from '../../support/running-product.ts';
import { expectInSync, logEnd, scoreOf } from '../faults/assertions.ts';

const DAY = 86_400_000;
const ago = (days: number) => new Date(NOW.getTime() - days * DAY).toISOString();

async function view(product: TestProduct, person: string, path: string, at?: string): Promise<void> {
  const activity = { type: 'page_view', attributes: { path }, ...(at === undefined ? {} : { at }) };
  await product.control('POST', 'activities', { contactId: product.idOf(person), ...activity });
}

/** The activities of a contact, oldest first: `page_view /pricing`. */
async function activitiesOf(product: TestProduct, person: string): Promise<readonly string[]> {
  const rows = await product.context.db
    .selectFrom('activities')
    .selectAll()
    .where('record_id', '=', product.idOf(person))
    .where('gone_at', 'is', null)
    .orderBy('at')
    .orderBy('id')
    .execute();
  return rows.map(({ type, attributes }) => [type, ...[attributes.path ?? attributes.form ?? []].flat()].join(' '));
}

async function viewsOf(product: TestProduct, person: string): Promise<readonly string[]> {
  return (await activitiesOf(product, person)).filter((activity) => activity.startsWith('page_view'));
}

async function unavailableStreams(product: TestProduct): Promise<Readonly<Record<string, string>>> {
  const rows = await allStreams(product.context.db);
  return Object.fromEntries(
    rows.flatMap(({ stream, unavailableReason }) => (unavailableReason === null ? [] : [[stream, unavailableReason]])),
  );
}

const historyCalls = async (product: TestProduct, since: number) => {
  const calls = (await product.log(since)).filter(({ path }) => path.endsWith('/contacts/batch/read'));
  return calls.length;
};

async function behavior(product: TestProduct, person: string): Promise<string | null> {
  return scoreOf(await product.contact(product.idOf(person))).behavior;
}

function refuseEvents(product: TestProduct): Promise<void> {
  const body = { status: 'error', category: 'MISSING_SCOPES', message: 'Not for you.' };
  return product.faults({ match: { path: '/events/' }, action: { status: 403, body } });
}

describe('on a Professional portal', () => {
  let product: TestProduct;
  beforeAll(async () => {
    product = await openTestProduct({ dataset: leads(4), sandbox: { tier: 'pro' } });
    await view(product, 'p1', '/pricing', ago(7));
    await view(product, 'p1', '/pricing', ago(6));
    await view(product, 'p2', '/', ago(3));
    await view(product, 'p2', '/pricing', new Date(NOW.getTime() - 3 * DAY + 60_000).toISOString());
    product.advanceClock(60_000);
    expect((await product.backfill()).state).toBe('done');
  });
  afterAll(() => product.close());

  test('a lead with two counted views of the pricing page last week has their decayed points', async () => {
    expect(await viewsOf(product, 'p1')).toEqual(['page_view /pricing', 'page_view /pricing']);
    // 15 points, with a half-life of 30 days: the latest view is six days old.
    expect(await behavior(product, 'p1')).toBe('13');
    expect(await viewsOf(product, 'p2')).toEqual(['page_view /', 'page_view /pricing']);
    expect(await behavior(product, 'p3')).toBe('0');
    expect(Object.keys(await unavailableStreams(product))).toContain('page_views');
    expect(await unavailableStreams(product)).toMatchObject({
      conversion_counter: 'form_submissions is available and lists each activity',
    });
  });

  test('a view is counted once over two syncs, and only the history of changed counters is requested', async () => {
    const before = await logEnd(product);
    await product.sync();
    expect(await historyCalls(product, before)).toBe(0);
    await view(product, 'p1', '/pricing');
    product.advanceClock(60_000);
    await product.sync();
    await product.sync();
    expect(await viewsOf(product, 'p1')).toHaveLength(3);
    expect(await behavior(product, 'p1')).toBe('30');
    // One call for the history; the contact was not read again.
    expect(await historyCalls(product, before)).toBe(1);
    await expectInSync(product);
  });

  test('a counter that decreases counts from its new value', async () => {
    const values = { hs_analytics_num_page_views: '0', hs_analytics_num_visits: '0' };
    await product.control('PUT', `contacts/${product.idOf('p2')}/counters`, { values });
    await product.sync();
    expect(await viewsOf(product, 'p2')).toHaveLength(2);
    product.advanceClock(60_000);
    await view(product, 'p2', '/pricing');
    product.advanceClock(60_000);
    await product.sync();
    expect(await viewsOf(product, 'p2')).toEqual(['page_view /', 'page_view /pricing', 'page_view /pricing']);
    await expectInSync(product);
  });

  test('a counter value that is not a number is skipped and listed as an error', async () => {
    const put = (count: string) => {
      product.advanceClock(60_000);
      const values = { hs_analytics_num_page_views: count };
      return product.control('PUT', `contacts/${product.idOf('p3')}/counters`, { values });
    };
    await put('1');
    await put('many');
    await put('2');
    await product.sync();
    expect(await activitiesOf(product, 'p3')).toEqual(['page_view', 'page_view']);
    const errors = await product.context.db.selectFrom('record_errors').select(['field', 'code']).execute();
    expect(errors).toEqual([{ field: 'page_view_counter', code: 'BAD_COUNT' }]);
    await put('3');
    await product.sync();
    expect(await activitiesOf(product, 'p3')).toHaveLength(3);
  });

  test('a second backfill counts no view twice', async () => {
    const before = await activitiesOf(product, 'p1');
    product.advanceClock(60_000);
    expect((await product.backfill()).state).toBe('done');
    expect(await activitiesOf(product, 'p1')).toEqual(before);
    await expectInSync(product);
  });

  test('two merged contacts have the views of both, each once', async () => {
    const all = [...(await viewsOf(product, 'p1')), ...(await viewsOf(product, 'p2'))];
    product.advanceClock(60_000);
    await product.control('POST', 'merge', { primaryId: product.idOf('p1'), mergedId: product.idOf('p2') });
    await product.sync();
    expect((await viewsOf(product, 'p1')).toSorted()).toEqual(all.toSorted());
    product.advanceClock(60_000);
    await view(product, 'p1', '/security');
    product.advanceClock(60_000);
    await product.sync();
    expect(await viewsOf(product, 'p1')).toHaveLength(all.length + 1);
    await expectInSync(product);
  });

  test('two merged contacts have the views of both, each once, also if HubSpot adds up the counters later', async () => {
    const idOf = (person: string) => product.idOf(person);
    await view(product, 'p0', '/pricing');
    await product.sync();
    const all = [...(await viewsOf(product, 'p1')), ...(await viewsOf(product, 'p0'))];
    product.advanceClock(60_000);
    await product.control('POST', 'merge', { primaryId: idOf('p1'), mergedId: idOf('p0'), counters: 'later' });
    await product.sync();
    product.advanceClock(60_000);
    const count = Number((await product.contact(idOf('p1'))).properties.hs_analytics_num_page_views);
    const values = { hs_analytics_num_page_views: String(count + 1) };
    await product.control('PUT', `contacts/${idOf('p1')}/counters`, { values });
    await product.sync();
    expect((await viewsOf(product, 'p1')).toSorted()).toEqual(all.toSorted());
    product.advanceClock(60_000);
    await view(product, 'p1', '/security');
    product.advanceClock(60_000);
    await product.sync();
    expect(await viewsOf(product, 'p1')).toHaveLength(all.length + 1);
    await expectInSync(product);
  });
});

describe('a process that is killed', () => {
  test('between reading the history and saving it counts each event once', async () => {
    const scopes = scopesOf('pro').filter((scope) => scope !== 'content');
    const product = await openTestProduct({ dataset: leads(2), sandbox: { tier: 'pro', scopes } });
    await product.backfill();
    await view(product, 'p1', '/pricing');
    product.advanceClock(60_000);
    const { context } = product;
    await executeJob(context, 'sync-streams', { crm: 'hubspot' });
    const mapped = context.crms.get('hubspot');
    if (mapped === undefined) throw new Error('HubSpot is not configured');
    const { connector } = mapped;
    const dateCounterEvents: typeof connector.dateCounterEvents = async (changed, signal) => {
      await connector.dateCounterEvents?.(changed, signal);
      throw new Error('killed');
    };
    const crms = new Map([['hubspot', { ...mapped, connector: { ...connector, dateCounterEvents } }]]);
    await expect(executeJob({ ...context, crms }, 'refresh-records', { crm: 'hubspot' })).rejects.toThrow('killed');
    expect(await viewsOf(product, 'p1')).toEqual([]);
    await product.sync();
    expect(await viewsOf(product, 'p1')).toEqual(['page_view /pricing']);
    expect(await behavior(product, 'p1')).toBe('15');
    for (const type of ['email_delivered', 'email_open', 'email_open_bot', 'email_click']) {
      product.advanceClock(60_000);
      await product.control('POST', 'activities', { contactId: product.idOf('p0'), type });
    }
    product.advanceClock(60_000);
    await product.sync();
    // E-mails that the token may not read are counted too, without opens by machines.
    expect(await activitiesOf(product, 'p0')).toEqual(['email_delivered', 'email_open', 'email_click']);
    expect(await behavior(product, 'p0')).toBe('5');
    await expectInSync(product);
  });
});

/** The context with a connector whose stream fails after its first page. */
function failingAfterFirstPage(product: TestProduct, stream: string, error: Error): JobContext {
  const mapped = product.context.crms.get('hubspot');
  if (mapped === undefined) throw new Error('HubSpot is not configured');
  const { connector } = mapped;
  const listChanges: typeof connector.listChanges = async function* (listed, cursor, signal) {
    for await (const page of connector.listChanges(listed, cursor, signal)) {
      yield page;
      if (listed.id === stream) throw error;
    }
  };
  return { ...product.context, crms: new Map([['hubspot', { ...mapped, connector: { ...connector, listChanges } }]]) };
}

test('a first sync that is killed leaves no counter completed, so no lead is scored before all counters are dated', async () => {
  const product = await openTestProduct({ dataset: leads(3), sandbox: { tier: 'pro' } });
  await view(product, 'p1', '/pricing', ago(2));
  product.advanceClock(60_000);
  const killed = failingAfterFirstPage(product, 'contacts', new Error('killed'));
  await expect(executeJob(killed, 'sync-streams', { crm: 'hubspot' })).rejects.toThrow('killed');
  await executeJob(product.context, 'refresh-records', { crm: 'hubspot' });
  const counter = async () =>
    (await allStreams(product.context.db)).find(({ stream }) => stream === 'page_view_counter');
  expect(await counter()).toMatchObject({ unavailableReason: null, completedAt: null });
  await product.backfill();
  expect(await counter()).toMatchObject({ unavailableReason: null, completedAt: expect.any(Date) });
  expect(await viewsOf(product, 'p1')).toEqual(['page_view /pricing']);
  await expectInSync(product);
});

describe('when the subscription of the portal changes', () => {
  test('during the first sync of page views, the counted views replace those that were read', async () => {
    const product = await openTestProduct({ dataset: leads(3) });
    await view(product, 'p1', '/pricing', ago(2));
    await view(product, 'p1', '/', ago(1));
    product.advanceClock(60_000);
    const refused = new ConnectorError({ kind: 'forbidden', crm: 'hubspot', message: 'Not for you.' });
    await executeJob(failingAfterFirstPage(product, 'page_views', refused), 'sync-streams', { crm: 'hubspot' });
    await refuseEvents(product);
    await product.backfill();
    expect(await viewsOf(product, 'p1')).toEqual(['page_view /pricing', 'page_view /']);
    await product.faults();
    product.advanceClock(DAY + 60_000);
    await product.sync();
    expect(await viewsOf(product, 'p1')).toEqual(['page_view /pricing', 'page_view /']);
    await expectInSync(product);
  });

  test('to a higher tier, listed views replace the counted ones; back again, counting continues after the last listed view', async () => {
    const product = await openTestProduct({ dataset: leads(3) });
    await refuseEvents(product);
    await view(product, 'p1', '/pricing', ago(2));
    await view(product, 'p1', '/', ago(1));
    product.advanceClock(60_000);
    await product.backfill();
    expect(await viewsOf(product, 'p1')).toEqual(['page_view /pricing', 'page_view /']);
    const streamsOf = async () => {
      const rows = await product.context.db
        .selectFrom('activities')
        .select('stream')
        .distinct()
        .where('type', '=', 'page_view')
        .where('gone_at', 'is', null)
        .execute();
      return rows.map(({ stream }) => stream).toSorted();
    };
    expect(await streamsOf()).toEqual(['page_view_counter']);

    await product.faults();
    product.advanceClock(DAY + 60_000);
    await view(product, 'p1', '/security');
    product.advanceClock(60_000);
    await product.sync();
    expect(await unavailableStreams(product)).toMatchObject({
      page_view_counter: 'page_views is available and lists each activity',
    });
    expect(await streamsOf()).toEqual(['page_views']);
    expect(await viewsOf(product, 'p1')).toEqual(['page_view /pricing', 'page_view /', 'page_view /security']);
    expect(product.lines.filter(({ message }) => message.includes('lists each activity'))).toEqual([]);
    await expectInSync(product);

    await refuseEvents(product);
    product.advanceClock(60_000);
    await view(product, 'p1', '/pricing');
    product.advanceClock(60_000);
    await product.sync();
    expect(await viewsOf(product, 'p1')).toEqual([
      'page_view /pricing',
      'page_view /',
      'page_view /security',
      'page_view /pricing',
    ]);
    expect(await streamsOf()).toEqual(['page_view_counter', 'page_views']);
    await expectInSync(product);

    await product.faults();
    product.advanceClock(DAY + 60_000);
    await product.sync();
    expect(await streamsOf()).toEqual(['page_views']);
    expect(await viewsOf(product, 'p1')).toHaveLength(4);
    await expectInSync(product);
  });
});

test('page views that fail again after one good page are counted from the same instant on as before', async () => {
  const product = await openTestProduct({ dataset: leads(3) });
  await view(product, 'p1', '/pricing', ago(2));
  product.advanceClock(60_000);
  await product.backfill();
  const fail = () => product.faults({ match: { path: '/events/' }, action: { status: 500, body: {} } });
  const views = async () => {
    const of = product.context.db.selectFrom('activities').select('stream').where('type', '=', 'page_view');
    const rows = await of.where('gone_at', 'is', null).orderBy('at').execute();
    return rows.map(({ stream }) => stream);
  };
  await fail();
  product.advanceClock(60_000);
  await product.sync();
  product.advanceClock(DAY + 60_000);
  await view(product, 'p1', '/');
  product.advanceClock(60_000);
  await product.sync();
  expect(await views()).toEqual(['page_views', 'page_view_counter']);

  await product.faults();
  product.advanceClock(DAY);
  const refused = new ConnectorError({ kind: 'invalid', crm: 'hubspot', message: 'Not now.' });
  await executeJob(failingAfterFirstPage(product, 'page_views', refused), 'sync-streams', { crm: 'hubspot' });
  expect(await views()).toEqual(['page_views', 'page_views']);
  await fail();
  product.advanceClock(60_000);
  await product.sync();
  expect(await views()).toEqual(['page_views', 'page_view_counter']);

  await product.faults();
  product.advanceClock(DAY);
  await product.sync();
  expect(await views()).toEqual(['page_views', 'page_views']);
  await expectInSync(product);
});

describe('on a Free portal', () => {
  test('forms that the token may not read are counted, and activities without a counter are unobserved with a hint', async () => {
    const scopes = ['oauth', 'crm.objects.contacts.read', 'crm.objects.contacts.write', 'crm.objects.companies.read'];
    const more = ['crm.schemas.contacts.read', 'crm.schemas.contacts.write', 'sales-email-read'];
    const product = await openTestProduct({
      dataset: leads(2),
      sandbox: { tier: 'free', scopes: [...scopes, ...more] },
    });
    const submit = (form: string) => {
      const activity = { contactId: product.idOf('p1'), type: 'form_submission', attributes: { form } };
      product.advanceClock(60_000);
      return product.control('POST', 'activities', activity);
    };
    await submit('demo');
    await submit('newsletter');
    await product.backfill();
    expect(await activitiesOf(product, 'p1')).toEqual([
      'form_submission Request a demo',
      'form_submission Newsletter sign-up',
    ]);
    expect(await behavior(product, 'p1')).toBe('40');
    expect((await unavailableStreams(product)).email_open_counter).toContain('hs_email_open');
    await submit('demo');
    await product.sync();
    expect(await activitiesOf(product, 'p1')).toHaveLength(3);
    await expectInSync(product);
  });
});
