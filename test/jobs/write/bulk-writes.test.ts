// Many scores for Salesforce: written as one job of its Bulk API, which is continued after any
// interruption.
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { startBulkWrite } from '../../../jobs/write/bulk-write.ts';
import { PRIORITY } from '../../../src/domain/priority.ts';
import { currentHold } from '../../../src/store/guard/holds.ts';
import { activeBulkWrites } from '../../../src/store/outbox/bulk-writes.ts';
import { groupSetAside } from '../../../src/store/set-aside/list-set-aside.ts';
import { listPauses } from '../../../src/store/sync/crm-pauses.ts';
import { pendingWork } from '../../../src/store/sync/pending-work.ts';
import { findRun } from '../../../src/store/sync/runs.ts';
import { leads } from '../../support/leads.ts';
import {
  openSalesforceProduct,
  type SalesforceProduct,
  type SalesforceProductOptions,
} from '../../support/salesforce-product.ts';

const PEOPLE = 60;
const MANY = { settings: { SALESFORCE_BULK_WRITE_FROM: '20' } };

const open = (options: SalesforceProductOptions = {}) => openSalesforceProduct({ people: PEOPLE, ...options });

const jobsSchema = z.array(
  z.object({
    id: z.string(),
    jobType: z.string(),
    object: z.string(),
    state: z.string(),
    numberRecordsProcessed: z.int(),
  }),
);

/** All bulk jobs of the org, oldest first. */
async function jobs(product: SalesforceProduct) {
  return jobsSchema.parse(await product.control('GET', 'jobs')).filter(({ jobType }) => jobType === 'V2Ingest');
}

async function uploads(product: SalesforceProduct) {
  return (await product.log()).filter(({ method }) => method === 'PUT');
}

/** Lets time pass until nothing is left to write. */
async function finish(product: SalesforceProduct): Promise<void> {
  for (let polls = 0; polls < 60; polls++) {
    const { outbox } = await pendingWork(product.context.db, product.clock.now(), ['salesforce']);
    if (outbox === 0) return;
    product.advanceClock(10_000);
    await product.poll();
  }
  throw new Error('There are still results to write.');
}

const scoreSchema = z.object({
  object: z.enum(['Lead', 'Contact']),
  id: z.string(),
  total: z.number().nullable(),
  status: z.string().nullable(),
});

/** Every live record holds the latest result of its lead. */
async function expectAllWritten({ context, record }: SalesforceProduct): Promise<void> {
  const rows = await context.db
    .selectFrom('records as r')
    .innerJoin('leads as l', 'l.id', 'r.lead_id')
    .leftJoin('results as s', 's.id', 'l.result_id')
    .select(['r.object', 'r.id', 's.total', 's.status'])
    .where('r.state', '=', 'live')
    .execute();
  expect(rows.length).toBeGreaterThan(PEOPLE / 2);
  const results = z.array(scoreSchema).parse(rows);
  const inOrg = await Promise.all(
    results.map(async ({ object, id }) => {
      const { Leadgrade_Total_Score__c: total = null, Leadgrade_Status__c: status = null } = await record(object, id);
      return { object, id, total, status };
    }),
  );
  expect(inOrg).toEqual(results);
}

async function bulkLeadIds({ context }: SalesforceProduct): Promise<readonly string[]> {
  const rows = await context.db
    .selectFrom('bulk_write_rows')
    .select('record_id')
    .where('object', '=', 'Lead')
    .orderBy('record_id')
    .execute();
  return rows.map(({ record_id }) => record_id);
}

test('few scores are written by collection updates, in as few calls per object as possible', async () => {
  const product = await open();
  await product.backfill();
  expect(await jobs(product)).toEqual([]);
  const objects = (await product.writes()).map(({ ids = [] }) => new Set(ids.map((id) => id.slice(0, 3))));
  expect(objects.toSorted((a, b) => (String([...a]) < String([...b]) ? -1 : 1))).toEqual([
    new Set(['003']),
    new Set(['00Q']),
  ]);
  await expectAllWritten(product);
});

test('many scores of an object are written as one bulk job, and the run is done when its results are saved', async () => {
  const product = await open(MANY);
  const run = await product.backfill();
  expect(await jobs(product)).toMatchObject([{ object: 'Lead', state: 'UploadComplete' }]);
  expect(run.state).toBe('running');
  await finish(product);
  expect(await jobs(product)).toMatchObject([{ object: 'Lead', state: 'JobComplete' }]);
  expect(await uploads(product)).toHaveLength(1);
  expect((await findRun(product.context.db, run.id))?.state).toBe('done');
  const collections = (await product.writes()).flatMap(({ ids = [] }) => ids);
  expect(collections.filter((id) => id.startsWith('00Q'))).toEqual([]);
  await expectAllWritten(product);
  product.advanceClock(60_000);
  await product.poll();
  expect(await jobs(product)).toHaveLength(1);
});

test('the state of a bulk job is checked at growing intervals', async () => {
  const product = await open(MANY);
  await product.control('PUT', 'bulk', { unfinishedPolls: 10_000 });
  await product.backfill();
  const { object, crm_job_id: job } = (await activeBulkWrites(product.context.db, 'salesforce'))[0] ?? {};
  expect(object).toBe('Lead');
  for (let second = 0; second < 600; second++) {
    product.advanceClock(1_000);
    await product.runUntilIdle();
  }
  const checks = (await product.log()).filter(({ path }) => path.endsWith(`/jobs/ingest/${job}`));
  expect(checks.length).toBeGreaterThan(10);
  expect(checks.length).toBeLessThan(25);
});

test('a bulk job whose rows cannot be uploaded is aborted, also by another process, and the rows are written in batches', async () => {
  const product = await open(MANY);
  await product.faults({ match: { method: 'PUT', path: '/batches' }, action: { status: 503 } });
  await product.backfill();
  await product.restart();
  await product.faults();
  await finish(product);
  expect((await jobs(product)).map(({ state }) => state)).toEqual(['Aborted']);
  await expectAllWritten(product);
});

test('a process that was killed after it submitted the rows waits for the bulk job and sends no row twice', async () => {
  const product = await open(MANY);
  await product.backfill();
  await product.restart();
  await finish(product);
  expect(await jobs(product)).toHaveLength(1);
  expect(await uploads(product)).toHaveLength(1);
  await expectAllWritten(product);
});

test('a process that was killed before it saved the results reads them again and sends no row twice', async () => {
  const product = await open(MANY);
  await product.backfill();
  await product.faults({ match: { path: '/failedResults' }, action: { status: 503 } });
  for (let polls = 0; polls < 3; polls++) {
    product.advanceClock(20_000);
    await product.poll();
  }
  expect(await jobs(product)).toMatchObject([{ state: 'JobComplete' }]);
  expect(await activeBulkWrites(product.context.db, 'salesforce')).toHaveLength(1);
  await product.restart();
  await product.faults();
  await finish(product);
  expect(await uploads(product)).toHaveLength(1);
  await expectAllWritten(product);
});

test('the rows of a bulk job that the org no longer knows are written in batches', async () => {
  const product = await open(MANY);
  await product.backfill();
  const body = [{ errorCode: 'NOT_FOUND', message: 'The requested resource does not exist' }];
  await product.faults({ match: { method: 'GET', path: '/jobs/ingest/', nth: 1 }, action: { status: 404, body } });
  await finish(product);
  expect(await jobs(product)).toHaveLength(1);
  await expectAllWritten(product);
});

test('a newer result of a row in a running bulk job is written after the bulk job, not before', async () => {
  const product = await open(MANY);
  await product.control('PUT', 'bulk', { unfinishedPolls: 4 });
  await product.backfill();
  const [id = ''] = await bulkLeadIds(product);
  await product.control('PATCH', `records/Lead/${id}`, {
    values: { Title: 'Chief Marketing Officer', NumberOfEmployees: 400 },
  });
  const sent = await product.context.db
    .selectFrom('bulk_write_rows')
    .select('version')
    .where('record_id', '=', id)
    .executeTakeFirstOrThrow();
  await product.sync();
  const newer = product.context.db.selectFrom('outbox').select('version').where('record_id', '=', id);
  expect((await newer.executeTakeFirstOrThrow()).version).toBeGreaterThan(sent.version);
  expect((await product.writes()).flatMap(({ ids = [] }) => ids).filter((leadId) => leadId.startsWith('00Q'))).toEqual(
    [],
  );
  await finish(product);
  expect((await product.writes()).flatMap(({ ids = [] }) => ids).filter((leadId) => leadId.startsWith('00Q'))).toEqual([
    id,
  ]);
  await expectAllWritten(product);
});

test('a lead that is created during a bulk job is written at once by a collection update', async () => {
  const product = await open(MANY);
  await product.control('PUT', 'bulk', { unfinishedPolls: 10_000 });
  await product.backfill();
  const values = { LastName: 'Late', Company: 'Acme', Email: 'late@acme.example', Title: 'VP Sales' };
  const { id } = z.object({ id: z.string() }).parse(await product.control('POST', 'records/Lead', { values }));
  await product.sync();
  expect((await product.writes()).flatMap(({ ids = [] }) => ids).filter((leadId) => leadId.startsWith('00Q'))).toEqual([
    id,
  ]);
  expect(await activeBulkWrites(product.context.db, 'salesforce')).toHaveLength(1);
  await product.control('PUT', 'bulk', { unfinishedPolls: 0 });
  await finish(product);
  await expectAllWritten(product);
});

test('a lead with a new activity is not put into a bulk job and does not wait for one', async () => {
  const product = await open(MANY);
  // The organization cannot be read either: an outage, in which no smaller request is tried.
  await product.faults({ match: { path: '/jobs/ingest$|FROM(%20|\\+)Organization' }, action: { status: 503 } });
  await product.backfill();
  const { db } = product.context;
  const waiting = db.selectFrom('outbox').select('record_id').where('object', '=', 'Lead').orderBy('record_id');
  const { record_id: demo } = await waiting.executeTakeFirstOrThrow();
  await db.updateTable('outbox').set({ priority: PRIORITY.activity }).where('record_id', '=', demo).execute();
  await product.faults();
  product.advanceClock(600_000);
  await product.poll();
  expect(await activeBulkWrites(db, 'salesforce')).toMatchObject([{ object: 'Lead' }]);
  expect((await bulkLeadIds(product)).length).toBeGreaterThan(20);
  expect(await bulkLeadIds(product)).not.toContain(demo);
  expect((await product.writes()).flatMap(({ ids = [] }) => ids).filter((leadId) => leadId.startsWith('00Q'))).toEqual([
    demo,
  ]);
  await finish(product);
  await expectAllWritten(product);
});

test('a lead with a locked row is written later, and a lead that a rule refuses is listed', async () => {
  const product = await open(MANY);
  await product.backfill();
  const [locked = '', refused = ''] = await bulkLeadIds(product);
  await product.control('PUT', 'locks', [{ id: locked, times: 1 }]);
  await product.control('PUT', 'validation-rules', [{ object: 'Lead', ids: [refused], message: 'Not this one.' }]);
  await finish(product);
  const errors = await product.context.db.selectFrom('record_errors').select(['record_id', 'stage', 'code']).execute();
  expect(errors).toEqual([{ record_id: refused, stage: 'write', code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION' }]);
  expect((await product.writes()).flatMap(({ ids = [] }) => ids).filter((id) => id.startsWith('00Q'))).toEqual([
    locked,
  ]);
});

test('a lead with a duplicate alert is written by a collection update, and a lead blocked by a duplicate rule is listed', async () => {
  const product = await open(MANY);
  await product.backfill();
  const [alerted = '', blocked = ''] = await bulkLeadIds(product);
  await product.control('PUT', 'duplicate-rules', [
    { ids: [alerted], action: 'alert' },
    { ids: [blocked], action: 'block' },
  ]);
  await finish(product);
  const errors = await product.context.db.selectFrom('record_errors').select(['record_id', 'code']).execute();
  expect(errors).toEqual([{ record_id: blocked, code: 'DUPLICATES_DETECTED' }]);
  expect(await jobs(product)).toHaveLength(1);
});

test('a field that is hidden during a bulk job pauses writing, and all scores are written when it is visible again', async () => {
  const product = await open(MANY);
  await product.backfill();
  await product.control('PUT', 'hidden-fields', ['Lead.Leadgrade_Model__c']);
  product.advanceClock(10_000);
  await product.poll();
  expect(await listPauses(product.context.db, ['salesforce'])).toMatchObject([
    { direction: 'write', error_kind: 'configuration', fix: expect.stringContaining('leadgrade doctor') },
  ]);
  expect(await activeBulkWrites(product.context.db, 'salesforce')).toEqual([]);
  await product.control('PUT', 'hidden-fields', []);
  await finish(product);
  await expectAllWritten(product);
});

test('no record is written twice after a field that was hidden at first becomes visible', async () => {
  const product = await open();
  await product.control('PUT', 'hidden-fields', ['Lead.Leadgrade_Model__c']);
  await product.backfill();
  // Contacts can be written: only Leads are set aside.
  expect(await listPauses(product.context.db, ['salesforce'])).toEqual([]);
  expect(await groupSetAside(product.context.db, ['salesforce'])).toMatchObject([{ stream: 'Lead', kind: 'write' }]);
  await product.control('PUT', 'hidden-fields', []);
  await finish(product);
  const since = (await product.log()).at(-1)?.seq ?? 0;
  for (let count = 0; count < 3; count++) await product.sync();
  expect(await product.writes(since + 1)).toEqual([]);
  await expectAllWritten(product);
});

test('an org that refuses bulk jobs from this user is written by collection updates', async () => {
  const product = await open(MANY);
  const body = [{ errorCode: 'FUNCTIONALITY_NOT_ENABLED', message: 'Bulk API is not enabled' }];
  await product.faults({ match: { method: 'POST', path: '/jobs/ingest$' }, action: { status: 403, body } });
  await product.backfill();
  expect(await jobs(product)).toEqual([]);
  expect(product.lines.filter(({ message }) => message.includes('no bulk write of Lead'))).toHaveLength(1);
  await expectAllWritten(product);
});

test('while the guard holds all writes, a bulk job that was about to begin uploads nothing and is aborted', async () => {
  const settings = {
    ...MANY.settings,
    MODEL_FILE: fileURLToPath(new URL('../runs/guard-model.yaml', import.meta.url)),
  };
  const product = await openSalesforceProduct({ dataset: leads(120), settings });
  await product.backfill();
  await finish(product);
  const before = await uploads(product);
  await product.control('PUT', 'hidden-fields', ['Lead.Title', 'Contact.Title']);
  await product.nightly();
  const { context } = product;
  expect(await currentHold(context.db)).toMatchObject({ moved: 120 });
  const mapped = context.crms.get('salesforce');
  if (mapped === undefined) throw new Error('Salesforce is not set up');
  await startBulkWrite(context, mapped.connector, 'Lead');
  expect(await uploads(product)).toEqual(before);
  expect(await activeBulkWrites(context.db, 'salesforce')).toEqual([]);
  expect((await jobs(product)).at(-1)?.state).toBe('Aborted');
});
