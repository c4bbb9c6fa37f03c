import { expect, test } from 'vitest';
import { connectorIds, loadConnector } from '../../connectors/registry.ts';

test('each folder of connectors/ with an index.ts is found and loaded as a connector', async () => {
  expect(await connectorIds()).toEqual(['hubspot', 'salesforce']);
  const { settingsSchema, create } = await loadConnector('hubspot');
  expect(Object.keys(settingsSchema.shape)).toContain('HUBSPOT_ACCESS_TOKEN');
  expect(create).toBeTypeOf('function');
});

test('loading an unknown connector fails with the IDs of the available ones', async () => {
  await expect(loadConnector('pipedrive')).rejects.toThrow(
    'Unknown connector "pipedrive". Available: hubspot, salesforce.',
  );
});
