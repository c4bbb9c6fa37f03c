// The guard over whole flows, on every backend: a run that would move too many leads out of their band writes nothing.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { guardFindings } from '../../../cli/doctor/guard.ts';
import { currentHold, endHold } from '../../../src/store/guard/holds.ts';
import { listUnreadableFields } from '../../../src/store/guard/unreadable-fields.ts';
import { listPauses } from '../../../src/store/sync/crm-pauses.ts';
import { BACKEND } from '../../support/backends.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import type { RunningProduct } from '../../support/running-product.ts';
import { openSalesforceProduct } from '../../support/salesforce-product.ts';
import type { CrmActions } from '../../support/sandbox-crm.ts';
import { testFolder } from '../../support/test-folder.ts';

const MODEL_FILE = fileURLToPath(new URL('./guard-model.yaml', import.meta.url));
const PEOPLE = 120;
const MINUTE = 60_000;

async function scoredPortal(settings: Readonly<Record<string, string>> = {}): Promise<TestProduct> {
  const product = await openTestProduct({ dataset: leads(PEOPLE), settings: { MODEL_FILE, ...settings } });
  await product.backfill();
  return product;
}

const lastSeq = async (crm: Pick<CrmActions, 'log'>) => (await crm.log()).at(-1)?.seq ?? 0;
const statuses = async (product: TestProduct) =>
  Object.groupBy(await product.contacts(), ({ properties }) => properties.leadgrade_status ?? 'none');
const holdOf = ({ context }: RunningProduct) => currentHold(context.db);
const accept = (product: RunningProduct) =>
  endHold(product.context.db, { by: 'anna@office', accept: true }, product.clock.now());

/** Empties the job title of the first contacts, as an import does. */
async function emptyTitles(product: TestProduct, count: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    await product.control('PATCH', `contacts/${product.idOf(`p${at}`)}`, { properties: { jobtitle: '' } });
  }
}

async function setLifecycle(product: TestProduct, count: number, lifecyclestage: string): Promise<void> {
  for (let at = 0; at < count; at++) {
    await product.control('PATCH', `contacts/${product.idOf(`p${at}`)}`, { properties: { lifecyclestage } });
  }
}

/** Why the holds ended. */
async function releases({ context }: RunningProduct): Promise<readonly (string | null)[]> {
  const holds = await context.db.selectFrom('guard_holds').select('ended_by').orderBy('id').execute();
  return holds.map(({ ended_by }) => ended_by);
}

describe(`the guard on ${BACKEND.name}`, () => {
  test('a property that vanished in HubSpot stops the night before any write, and the portal is written again when it is back', async () => {
    const product = await scoredPortal();
    const { context } = product;
    const since = await lastSeq(product);
    await product.control('PUT', 'archived-properties/contacts', ['jobtitle']);
    await product.nightly();
    await product.poll();
    expect(await product.writes(since)).toEqual([]);

    const hold = await holdOf(product);
    expect(hold).toMatchObject({ moved: PEOPLE, leads: PEOPLE });
    expect(hold?.message).toBe(
      '120 of 120 leads (100 %) would leave their band without a change of the model: 120 of them because of "Job title" (contact.job_title is unknown: the contact property jobtitle does not exist in HubSpot).',
    );
    expect(product.lines.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      `guard: nothing is written. ${hold?.message} Repair the cause, and writing goes on by itself; or accept the movement: npx leadgrade apply --accept.`,
    ]);
    expect(await guardFindings(context)).toMatchObject([
      { part: 'leadgrade', what: 'guard', level: 'problem' },
      { part: 'hubspot', what: 'field contact.job_title', level: 'warning' },
    ]);
    expect(await listPauses(context.db, ['hubspot'])).toMatchObject([{ direction: 'write', error_kind: 'guard' }]);
    // Unknown, not empty: "no title" takes no points away.
    const result = await context.db
      .selectFrom('results')
      .select(['fit_score', 'coverage'])
      .orderBy('id', 'desc')
      .executeTakeFirstOrThrow();
    expect(result).toEqual({ fit_score: 20, coverage: 0.25 });

    await product.control('PUT', 'archived-properties/contacts', []);
    product.advanceClock(6 * MINUTE);
    await product.poll();
    await product.nightly();
    expect(await holdOf(product)).toBeNull();
    expect(await listUnreadableFields(context.db, ['hubspot'])).toEqual([]);
    expect(Object.keys(await statuses(product))).toEqual(['hot']);
    await product.control('PATCH', `contacts/${product.idOf('p0')}`, { properties: { jobtitle: 'Intern' } });
    await product.sync();
    expect((await statuses(product)).cold).toHaveLength(1);
  });

  test('a field that Salesforce hides stops the night before any write, until the movement is accepted', async () => {
    const product = await openSalesforceProduct({ dataset: leads(PEOPLE), settings: { MODEL_FILE } });
    await product.backfill();
    const since = await lastSeq(product);
    await product.control('PUT', 'hidden-fields', ['Lead.Title', 'Contact.Title']);
    await product.nightly();
    await product.poll();
    expect(await product.writes(since)).toEqual([]);
    expect((await holdOf(product))?.message).toContain(
      '(contact.job_title is unknown: Contact.Title does not exist, or the integration user may not see it',
    );

    await accept(product);
    await product.poll();
    expect(await holdOf(product)).toBeNull();
    const written = await product.records();
    expect(written.filter((record) => record.Leadgrade_Status__c === 'cold')).toHaveLength(PEOPLE);
  });

  test('an import that empties a column of half of the contacts is held, also after a restart, and a new activity is not written either', async () => {
    const product = await scoredPortal();
    const since = await lastSeq(product);
    await emptyTitles(product, 60);
    await product.sync();
    expect(await product.writes(since)).toEqual([]);
    expect(await holdOf(product)).toMatchObject({ moved: 60 });
    expect((await holdOf(product))?.message).toContain(
      'contact.job_title is empty in 60 records, and was in 0 a day ago',
    );

    await product.restart();
    await product.control('POST', 'activities', { contactId: product.idOf('p100'), type: 'form_submission' });
    await product.poll();
    await product.nightly();
    expect(await product.writes(since)).toEqual([]);

    await accept(product);
    await product.poll();
    expect((await statuses(product)).cold).toHaveLength(60);
    const [ended] = await product.context.db.selectFrom('guard_holds').selectAll().execute();
    expect(ended).toMatchObject({ moved: 60, ended_by: 'anna@office' });
  });

  test('a fifth of the leads that leave their band is written as ever', async () => {
    const product = await scoredPortal();
    await emptyTitles(product, 24);
    await product.sync();
    await product.nightly();
    expect((await statuses(product)).cold).toHaveLength(24);
    expect(await holdOf(product)).toBeNull();
  });

  test('without a guard (GUARD_SHARE=0%) everything is written', async () => {
    const product = await scoredPortal({ GUARD_SHARE: '0%' });
    await emptyTitles(product, PEOPLE);
    await product.sync();
    expect((await statuses(product)).cold).toHaveLength(PEOPLE);
  });

  test('another model that moves every lead is written', async () => {
    const model = `${await testFolder()}/model.yaml`;
    const text = await readFile(MODEL_FILE, 'utf8');
    await writeFile(model, text);
    const product = await scoredPortal({ MODEL_FILE: model });
    await writeFile(model, text.replace('points: 60', 'points: 40'));
    await product.apply();
    await product.nightly();
    expect((await statuses(product)).cold).toHaveLength(PEOPLE);
    expect(await holdOf(product)).toBeNull();
  });

  test('leads that an import makes customers stay in the total, so that the hold goes on until they are leads again', async () => {
    const product = await scoredPortal();
    const since = await lastSeq(product);
    await setLifecycle(product, 60, 'customer');
    await product.sync();
    expect(await holdOf(product)).toMatchObject({ moved: 60, leads: PEOPLE });
    await product.poll();
    await product.nightly();
    expect(await holdOf(product)).toMatchObject({ moved: 60, leads: PEOPLE });
    expect(await product.writes(since)).toEqual([]);

    await setLifecycle(product, 60, 'lead');
    await product.sync();
    expect(await holdOf(product)).toBeNull();
    expect(await releases(product)).toEqual(['no lead is outside its band any more']);
    expect(Object.keys(await statuses(product))).toEqual(['hot']);
  });

  test('a hold ends by itself when the records that moved are deleted', async () => {
    const product = await scoredPortal();
    await emptyTitles(product, 60);
    await product.sync();
    expect(await holdOf(product)).toMatchObject({ moved: 60 });
    for (let at = 0; at < 60; at++) await product.control('DELETE', `contacts/${product.idOf(`p${at}`)}`);
    await product.nightly();
    expect(await holdOf(product)).toBeNull();
    expect(await releases(product)).toEqual(['no lead is outside its band any more']);
  });

  test('a hold stays when other leads are deleted until fewer than a hundred are left', async () => {
    const product = await scoredPortal();
    await emptyTitles(product, 60);
    await product.sync();
    const since = await lastSeq(product);
    for (let at = 60; at < 90; at++) await product.control('DELETE', `contacts/${product.idOf(`p${at}`)}`);
    await product.nightly();
    expect(await holdOf(product)).toMatchObject({ moved: 60, leads: 90 });
    expect(await product.writes(since)).toEqual([]);
  });

  test('a hold of an import ends by itself when all leads are scored with a corrected model', async () => {
    const model = `${await testFolder()}/model.yaml`;
    const text = await readFile(MODEL_FILE, 'utf8');
    await writeFile(model, text);
    const product = await scoredPortal({ MODEL_FILE: model });
    await emptyTitles(product, 60);
    await product.sync();
    const since = await lastSeq(product);
    await writeFile(model, text.replace('points: -10', 'points: 0'));
    await product.apply();
    await product.sync();
    expect(await holdOf(product)).toBeNull();
    expect(await releases(product)).toEqual([
      'no lead is outside its band any more, after a change of the model or the settings',
    ]);
    expect(await product.writes(since)).not.toEqual([]);
    expect((await statuses(product)).cold).toHaveLength(60);
  });

  test('another model does not end the hold of a vanished field that it still reads, and one without the field does', async () => {
    const model = `${await testFolder()}/model.yaml`;
    const text = await readFile(MODEL_FILE, 'utf8');
    await writeFile(model, text);
    const product = await scoredPortal({ MODEL_FILE: model });
    await product.control('PUT', 'archived-properties/contacts', ['jobtitle']);
    await product.nightly();
    const since = await lastSeq(product);
    await writeFile(model, text.replace('points: 100', 'points: 90'));
    await product.apply();
    await product.sync();
    expect(await holdOf(product)).toMatchObject({ moved: PEOPLE });
    expect(await product.writes(since)).toEqual([]);

    const lines = text.split('\n').filter((line) => !line.includes('contact.job_title'));
    await writeFile(model, lines.join('\n').replace('at_least: 70', 'at_least: 15'));
    await product.apply();
    await product.sync();
    expect(await holdOf(product)).toBeNull();
    expect(Object.keys(await statuses(product))).toEqual(['hot']);
  });

  test('of two models, the one whose leads moved stops all writes, although the other has all leads in their bands', async () => {
    const folder = await testFolder();
    const text = await readFile(MODEL_FILE, 'utf8');
    const withoutTitle = text.split('\n').filter((line) => !line.includes('contact.job_title'));
    await writeFile(`${folder}/size.yaml`, withoutTitle.join('\n').replace('name: guard', 'name: size'));
    await writeFile(`${folder}/title.yaml`, text.replace('name: guard', 'name: title'));
    const list = 'models:\n  - { name: size, file: size.yaml }\n  - { name: title, file: title.yaml }\n';
    await writeFile(`${folder}/models.yaml`, list);
    const product = await scoredPortal({ MODEL_FILE: `${folder}/models.yaml` });
    const since = await lastSeq(product);
    await emptyTitles(product, 60);
    await product.sync();
    expect(await product.writes(since)).toEqual([]);
    expect((await holdOf(product))?.message).toContain(
      '60 of 120 leads of title (50 %) would leave their band without a change of the model: 60 of them because of "Job title"',
    );

    for (let at = 0; at < 60; at++) {
      await product.control('PATCH', `contacts/${product.idOf(`p${at}`)}`, { properties: { jobtitle: 'VP Sales' } });
    }
    await product.sync();
    expect(await holdOf(product)).toBeNull();
  });

  test('no lead enters or leaves the scope because its field vanished', async () => {
    const product = await scoredPortal();
    await setLifecycle(product, 10, 'customer');
    await product.sync();
    expect((await statuses(product)).none).toHaveLength(10);
    await product.control('PUT', 'archived-properties/contacts', ['lifecyclestage']);
    await product.nightly();
    await emptyTitles(product, 15);
    await product.sync();
    const { none = [], cold = [], hot = [] } = await statuses(product);
    expect([none.length, cold.length, hot.length]).toEqual([10, 5, 105]);
    expect(await listUnreadableFields(product.context.db, ['hubspot'])).toMatchObject([{ field: 'contact.lifecycle' }]);
  });
});
