import { describe, expect, test } from 'vitest';
import { countErrors } from '../../../src/store/leads/record-errors.ts';
import { listPauses } from '../../../src/store/sync/crm-pauses.ts';
import { pendingWork } from '../../../src/store/sync/pending-work.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct, type TestProductOptions } from '../../support/product.ts';
import { expectInSync, timesWritten, warnings } from './assertions.ts';

const open = (options: TestProductOptions = {}) => openTestProduct({ dataset: leads(8), ...options });

/** A change of our properties by an admin of the portal. */
async function admin({ sandbox }: TestProduct, method: string, path: string, body?: object): Promise<void> {
  const response = await fetch(`${sandbox.url}/crm/properties/2026-03/contacts${path}`, {
    method,
    headers: { authorization: `Bearer ${sandbox.accessToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
}

function property(name: string, type: string, fieldType: string) {
  return { name, label: name, type, fieldType, groupName: 'contactinformation' };
}

const OPTION = { label: 'Other', value: 'other', displayOrder: 0, hidden: false };

const READ_ONLY = {
  status: 400,
  body: {
    status: 'error',
    category: 'VALIDATION_ERROR',
    message:
      'Property values were not valid: [{"isValid":false,"message":"\\"leadgrade_status\\" is a read only property; its value cannot be set.","error":"READ_ONLY_VALUE","name":"leadgrade_status"}]',
  },
};

/**
 * One warning, writing paused once, no record in the error list; activities are still read and
 * scored.
 */
async function expectOneConfigurationError(product: TestProduct, code: RegExp): Promise<void> {
  const { db, clock } = product.context;
  const p2 = product.idOf('p2');
  await product.control('POST', 'activities', { contactId: p2, type: 'form_submission', attributes: { form: 'demo' } });
  for (let attempt = 0; attempt < 3; attempt++) {
    product.advanceClock(6 * 60_000);
    await product.poll();
  }
  const [pause, ...others] = await listPauses(db, ['hubspot']);
  expect(others).toEqual([]);
  expect(pause).toMatchObject({ crm: 'hubspot', direction: 'write', error_kind: 'configuration' });
  expect(pause?.message).toMatch(code);
  expect(pause?.fix).toMatch(/leadgrade (setup|doctor)/);
  expect(warnings(product)).toHaveLength(1);
  expect(await countErrors(db, ['hubspot'])).toBe(0);
  expect(await pendingWork(db, clock.now(), ['hubspot'])).toMatchObject({ dirty: 0, due: 0, outbox: 8 });
  const statuses = await db.selectFrom('results').select('status').orderBy('id', 'desc').limit(1).execute();
  expect(statuses).toEqual([{ status: 'hot' }]);
  expect([...(await timesWritten(product)).values()]).toEqual([]);
}

async function expectAllWritten(product: TestProduct): Promise<void> {
  await product.poll();
  const times = await timesWritten(product);
  expect([times.size, new Set(times.values())]).toEqual([8, new Set([1])]);
  expect((await product.contact(product.idOf('p2'))).properties.leadgrade_status).toBe('hot');
  await expectInSync(product);
}

describe('writing pauses with one configuration error and continues after setup, when our property', () => {
  test('was never created', async () => {
    const product = await open({ setup: false });
    await product.backfill();
    await expectOneConfigurationError(product, /PROPERTY_DOESNT_EXIST|does not exist/);
    await product.setup();
    await expectAllWritten(product);
  });

  test('was archived', async () => {
    const product = await open();
    await admin(product, 'DELETE', '/leadgrade_total_score');
    await product.backfill();
    await expectOneConfigurationError(product, /PROPERTY_DOESNT_EXIST|does not exist/);
    await product.setup();
    await expectAllWritten(product);
  });

  test('lacks an option that the model needs', async () => {
    const product = await open();
    await admin(product, 'PATCH', '/leadgrade_status', { options: [OPTION] });
    await product.backfill();
    await expectOneConfigurationError(product, /leadgrade_status/);
    await product.setup();
    await expectAllWritten(product);
  });

  test('is read-only', async () => {
    const product = await open();
    await product.faults({ match: { path: 'batch/update' }, action: READ_ONLY });
    await product.backfill();
    await expectOneConfigurationError(product, /READ_ONLY_VALUE \(leadgrade_status\)/);
    await product.faults();
    await product.setup();
    await expectAllWritten(product);
  });

  test.each([
    { type: 'number', fieldType: 'number', name: 'leadgrade_explanation' },
    { type: 'date', fieldType: 'date', name: 'leadgrade_total_score' },
    { type: 'bool', fieldType: 'booleancheckbox', name: 'leadgrade_status' },
  ])(
    'has another type ($type); setup reports it and succeeds after the property is removed',
    async ({ name, type, fieldType }) => {
      const product = await open({ setup: false });
      await admin(product, 'POST', '', property(name, type, fieldType));
      await expect(product.setup()).rejects.toThrow(new RegExp(`"${name}" has the type ${type}`));
      // All other properties exist: only the type is wrong.
      await admin(product, 'DELETE', `/${name}`);
      await product.setup();
      await admin(product, 'DELETE', `/${name}`);
      await admin(product, 'POST', '', property(name, type, fieldType));
      await product.backfill();
      await expectOneConfigurationError(product, new RegExp(name));
      await admin(product, 'DELETE', `/${name}`);
      await product.setup();
      await expectAllWritten(product);
    },
  );
});
