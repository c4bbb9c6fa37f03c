// The size of the database in the metrics and in doctor.
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { databaseSizeFinding } from '../../../cli/doctor/database-size.ts';
import { registerSizeGauges } from '../../../web/http/size-metrics.ts';
import { freshStore, saveRead, snapshot } from '../../store/fresh-store.ts';
import { BACKEND } from '../../support/backends.ts';

const store = freshStore(BACKEND);

test('with two leads, the metrics show the bytes of each table and the number of leads, and doctor the size of a lead', async () => {
  await saveRead(store, [snapshot('a'), snapshot('b')]);
  const registry = new Registry();
  registerSizeGauges(registry, { db: store.db, timeoutMs: 10_000 });
  const text = await registry.metrics();
  expect(text).toMatch(/^leadgrade_table_bytes\{table="records"\} [1-9]\d+$/m);
  expect(text).toMatch(/^leadgrade_leads 2$/m);
  const { level, detail } = await databaseSizeFinding(store);
  expect(level).toBe('ok');
  expect(detail).toMatch(/^\d+\.\d MB, \d+\.\d kB a lead: \w+ \d+\.\d MB(, \w+ \d+\.\d MB){4}$/);
});
