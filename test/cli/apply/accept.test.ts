// `leadgrade apply --accept`, and what the other commands say while the guard holds all writes.
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { testFolder } from '../../support/test-folder.ts';
import { leadgradeHere } from '../run-command.ts';

const MODEL_FILE = fileURLToPath(new URL('../../jobs/runs/guard-model.yaml', import.meta.url));

let product: TestProduct;
let modelFile: string;
beforeAll(async () => {
  modelFile = `${await testFolder()}/model.yaml`;
  await copyFile(MODEL_FILE, modelFile);
  product = await openTestProduct({ dataset: leads(100), settings: { MODEL_FILE: modelFile } });
  await product.backfill();
  await product.control('PUT', 'archived-properties/contacts', ['jobtitle']);
  await product.nightly();
});
afterAll(() => product.close());

const command = (...args: readonly string[]) => leadgradeHere(args, { env: product.env });

test('while the guard holds all writes, doctor, errors and explain say why, and apply --accept ends it once', async () => {
  const message = '100 of 100 leads (100 %) would leave their band without a change of the model';
  const doctor = await command('doctor');
  expect(doctor).toMatchObject({ code: 2, stdout: expect.stringContaining(`PROBLEM  leadgrade: guard: nothing is`) });
  expect(doctor.stdout).toContain(message);
  expect(doctor.stdout).toContain('hubspot: field contact.job_title: unknown for all contacts since');
  expect((await command('errors', 'list')).stdout).toContain(`    ${message}`);
  const explained = await command('explain', `hubspot:${product.idOf('p0')}`);
  expect(explained.stdout).toContain(
    '  contact.job_title: unknown, the contact property jobtitle does not exist in HubSpot',
  );

  await writeFile(modelFile, (await readFile(MODEL_FILE, 'utf8')).replace('points: 100', 'points: 90'));
  expect(await command('apply', '--yes')).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(`warning: the guard holds all writes. ${message}`),
  });

  const accepted = await command('apply', '--accept');
  expect(accepted).toMatchObject({ code: 0, stdout: expect.stringContaining(`: ${message}`) });
  expect(await command('apply', '--accept')).toMatchObject({ code: 0, stdout: 'The guard holds nothing.\n' });
  await product.poll();
  expect((await product.contact(product.idOf('p99'))).properties.leadgrade_status).toBe('cold');
  expect((await command('errors', 'list')).stdout).toBe('No errors.\n');
});
