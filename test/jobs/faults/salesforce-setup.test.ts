import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { countErrors } from '../../../src/store/leads/record-errors.ts';
import { listPauses } from '../../../src/store/sync/crm-pauses.ts';
import { pendingWork } from '../../../src/store/sync/pending-work.ts';
import { openSalesforceProduct, type SalesforceProduct } from '../../support/salesforce-product.ts';
import {
  askForDemo,
  expectInSync,
  leadOf,
  logEnd,
  openOrg,
  pollFor,
  timesWritten,
  warnings,
} from './salesforce-assertions.ts';

/**
 * One warning, writing paused once, no record in the error list; activities are still read and
 * scored.
 */
async function expectOneConfigurationError(product: SalesforceProduct, message: RegExp): Promise<void> {
  const { db, clock } = product.context;
  await askForDemo(product, leadOf(product, 'p2'));
  await pollFor(product, 18);
  const [pause, ...others] = await listPauses(db, ['salesforce']);
  expect(others).toEqual([]);
  expect(pause).toMatchObject({ crm: 'salesforce', direction: 'write', error_kind: 'configuration' });
  expect(pause?.message).toMatch(message);
  expect(pause?.fix).toMatch(/leadgrade setup/);
  expect(warnings(product)).toHaveLength(1);
  expect(await countErrors(db, ['salesforce'])).toBe(0);
  expect(await pendingWork(db, clock.now(), ['salesforce'])).toMatchObject({ dirty: 0, due: 0, outbox: 6 });
  const latest = await db.selectFrom('results').select('status').orderBy('id', 'desc').limit(1).execute();
  expect(latest).toEqual([{ status: 'hot' }]);
  const written = await db.selectFrom('records').select('id').where('last_written_values', 'is not', null).execute();
  expect(written).toEqual([]);
}

async function expectAllWritten(product: SalesforceProduct): Promise<void> {
  const before = await logEnd(product);
  await product.poll();
  const times = await timesWritten(product, before);
  expect([times.size, new Set(times.values())]).toEqual([6, new Set([1])]);
  expect((await product.record('Lead', leadOf(product, 'p2'))).Leadgrade_Status__c).toBe('hot');
  await expectInSync(product);
}

describe('writing pauses with one configuration error and continues after setup, when our field', () => {
  test('was never created', async () => {
    const product = await openOrg({ setup: false });
    await product.backfill();
    await expectOneConfigurationError(product, /INVALID_FIELD \(Leadgrade_/);
    await product.setup();
    await expectAllWritten(product);
  });

  test('is hidden from the integration user', async () => {
    const product = await openOrg();
    await product.control('PUT', 'hidden-fields', ['Lead.Leadgrade_Status__c']);
    await product.backfill();
    await expectOneConfigurationError(product, /INVALID_FIELD \(Leadgrade_/);
    await product.control('PUT', 'hidden-fields', []);
    await product.setup();
    await expectAllWritten(product);
  });

  test('lacks a value that the model needs', async () => {
    const product = await openOrg();
    const errors = [
      {
        statusCode: 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
        message: 'Leadgrade: fit grade: bad value for restricted picklist field: A',
        fields: ['Leadgrade_Fit_Grade__c'],
      },
    ];
    const body = Array.from({ length: 6 }, () => ({ success: false, errors }));
    await product.faults({ match: { path: 'composite/sobjects' }, action: { status: 200, body } });
    await product.backfill();
    const { db } = product.context;
    expect(await listPauses(db, ['salesforce'])).toMatchObject([{ direction: 'write', error_kind: 'configuration' }]);
    expect(await countErrors(db, ['salesforce'])).toBe(0);
    await product.faults();
    await product.setup();
    await product.poll();
    await expectInSync(product);
  });
});

describe('for an integration user without access to Leads', () => {
  const refs = z.array(z.object({ object: z.string(), id: z.string(), state: z.string() }));

  async function states({ context }: SalesforceProduct) {
    const rows = context.db.selectFrom('records').select(['object', 'id', 'state']).orderBy('object').orderBy('id');
    return Map.groupBy(refs.parse(await rows.execute()), ({ object }) => object);
  }

  test('activities of Leads are ignored, and Contacts are read and scored', async () => {
    const product = await openSalesforceProduct({ people: 40, sandbox: { hiddenFields: ['Lead'] } });
    expect((await product.backfill()).state).toBe('done');
    expect(await listPauses(product.context.db, ['salesforce'])).toEqual([]);
    const contacts = (await states(product)).get('Contact') ?? [];
    expect(contacts.length).toBeGreaterThan(0);
    await product.nightly();
    expect(await listPauses(product.context.db, ['salesforce'])).toEqual([]);
    await expectInSync(product);
  });

  test('after the access was removed, Contacts stay current, and Leads are read again when the access returns', async () => {
    const product = await openSalesforceProduct({ people: 40 });
    await product.backfill();
    const leads = (await states(product)).get('Lead') ?? [];
    await product.control('PUT', 'hidden-fields', ['Lead']);
    for (const { id } of leads.slice(0, 3)) await askForDemo(product, id);
    const contact = (await states(product)).get('Contact')?.[0]?.id ?? '';
    const before = Number((await product.record('Contact', contact)).Leadgrade_Behavior_Score__c);
    await askForDemo(product, contact);
    await pollFor(product, 35);
    expect(await listPauses(product.context.db, ['salesforce'])).toEqual([]);
    expect(Number((await product.record('Contact', contact)).Leadgrade_Behavior_Score__c)).toBeGreaterThan(before);
    await product.nightly();
    await product.control('PUT', 'hidden-fields', []);
    product.advanceClock(25 * 3_600_000);
    await pollFor(product, 2);
    expect((await states(product)).get('Lead')?.filter(({ state }) => state !== 'live')).toEqual([]);
    await expectInSync(product);
  });
});
