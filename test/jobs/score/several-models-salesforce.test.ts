// Models side by side in Salesforce: their fields are created, checked, written and read.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { writeTarget } from '../../../cli/setup/write-target.ts';
import { writeModels } from '../../support/models.ts';
import { openSalesforceProduct } from '../../support/salesforce-product.ts';
import { testFolder } from '../../support/test-folder.ts';

test('setup creates the fields of each live model in Salesforce, doctor finds none missing, and they hold the scores of each model', async () => {
  const models = writeModels(await testFolder(), [
    { name: 'everyone' },
    { name: 'senior_people', replace: [['points: 30, label: Executive', 'points: 44, label: Executive']] },
    { name: 'next', role: 'shadow', replace: [['points: 15, label: Manager', 'points: 1, label: Manager']] },
  ]);
  const product = await openSalesforceProduct({ people: 12, settings: { MODEL_FILE: models } });
  const { crms, signal } = product.context;
  for (const { connector } of crms.values()) {
    const checks = await connector.checkSetup(writeTarget(product.context.models), signal);
    expect(checks.filter(({ fixableBySetup }) => fixableBySetup)).toEqual([]);
  }
  await product.backfill();
  const scored = (await product.records()).filter((record) => typeof record.Leadgrade_Status__c === 'string');
  expect(scored.length).toBeGreaterThan(3);
  for (const record of scored) {
    const value = (name: string) => z.number().parse(record[`Leadgrade_Senior_People_${name}__c`]);
    expect(value('Fit_Score') + value('Behavior_Score')).toBe(value('Total_Score'));
    expect(record.Leadgrade_Senior_People_Model__c).toMatch(/^senior_people@/);
    expect(Object.keys(record).filter((name) => /_Next_/.test(name))).toEqual([]);
  }
  const since = (await product.log()).at(-1)?.seq ?? 0;
  await product.sync();
  expect(await product.writes(since)).toEqual([]);
});
