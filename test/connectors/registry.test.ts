import { expect, test } from 'vitest';
import { connectorIds, loadConnector } from '../../connectors/registry.ts';

test('connectors are found by their folder', async () => {
  expect(await connectorIds()).toEqual(['hubspot', 'salesforce']);
  const { settingsSchema, create } = await loadConnector('hubspot');
  expect(Object.keys(settingsSchema.shape)).toContain('HUBSPOT_ACCESS_TOKEN');
  expect(create).toBeTypeOf('function');
});

test('a connector that is not there is refused by name', async () => {
  await expect(loadConnector('pipedrive')).rejects.toThrow(
    'There is no connector "pipedrive"; there is hubspot, salesforce',
  );
});
