// Marketing e-mails and lists of HubSpot in the score of a lead.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';

const JOINED = '    - { id: joined, label: Joined a list, activity: list_joined, points: 12 }\n';
const LEARNING = '    # Learning:';

let folder: string;
let product: TestProduct;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-marketing-'));
  const shipped = await readFile('mappings/model.yaml', 'utf8');
  expect(shipped).toContain(LEARNING);
  await writeFile(join(folder, 'model.yaml'), shipped.replace(LEARNING, `${JOINED}${LEARNING}`));
  product = await openTestProduct({ dataset: leads(4), settings: { MODEL_FILE: join(folder, 'model.yaml') } });
  await product.backfill();
});
afterAll(async () => {
  await product.close();
  await rm(folder, { recursive: true });
});

const createActivity = (key: string, type: string, attributes = {}) =>
  product.control('POST', 'activities', { contactId: product.idOf(key), type, attributes });
const behaviorOf = async (key: string) =>
  Number((await product.contact(product.idOf(key))).properties.leadgrade_behavior_score);
const reasonsOf = async (key: string) =>
  (await product.contact(product.idOf(key))).properties.leadgrade_explanation ?? '';

test('opens and clicks by machines give a lead no points', async () => {
  for (const email of ['News in January', 'News in February', 'News in March']) {
    await createActivity('p0', 'email_delivered', { email });
    await createActivity('p0', 'email_open_bot', { email });
    await createActivity('p0', 'email_click_bot', { email });
    await createActivity('p1', 'email_open', { email });
  }
  await createActivity('p1', 'email_click', { email: 'News in March', url: 'https://acme.example' });
  await product.sync();
  expect(await behaviorOf('p0')).toBe(0);
  expect(await reasonsOf('p0')).not.toMatch(/(Opened|Clicked) an email/);
  // E-mails were delivered, and none was opened by a person.
  expect(await reasonsOf('p0')).toContain('-10 No email opened for 90 days');
  expect(await behaviorOf('p1')).toBe(7);
  expect(await reasonsOf('p1')).toContain('+3 Opened an email');
  expect(await reasonsOf('p1')).toContain('+4 Clicked an email');
  const stored = product.context.db.selectFrom('activities').select('type').where('record_id', '=', product.idOf('p0'));
  expect((await stored.execute()).map(({ type }) => type).toSorted()).toEqual([
    ...Array(3).fill('email_delivered'),
    ...Array(3).fill('email_open_bot'),
  ]);
});

test('a lead that unsubscribes loses points', async () => {
  await createActivity('p2', 'trial_started');
  await product.sync();
  expect(await behaviorOf('p2')).toBe(35);
  await createActivity('p2', 'unsubscribe', { email: 'News in March' });
  await product.sync();
  expect(await behaviorOf('p2')).toBe(15);
  expect(await reasonsOf('p2')).toContain('-20 Unsubscribed');
});

test('joining a list counts once, also after leaving and joining it again', async () => {
  const list = 'Leadgrade: webinar guests';
  const { id } = Object(await createActivity('p3', 'list_joined', { list }));
  await product.sync();
  expect(await behaviorOf('p3')).toBe(12);
  expect(await reasonsOf('p3')).toContain('+12 Joined a list');
  await product.control('DELETE', `lists/${id}/members`, { contactId: product.idOf('p3') });
  await product.sync();
  expect(await behaviorOf('p3')).toBe(12);
  await createActivity('p3', 'list_joined', { list });
  await product.sync();
  expect(await behaviorOf('p3')).toBe(12);
});
