// Late visibility, and changes that move no modification time.
import { expect, test } from 'vitest';
import { startTestSandbox } from './sandbox-under-test.ts';

const HOUR_MS = 3_600_000;

test('a submission is listed by its form when its delay is over, in its place by date', async () => {
  const sandbox = await startTestSandbox();
  const submit = (number: number) =>
    sandbox.control('POST', '/activities', {
      contactId: sandbox.id(number),
      type: 'form_submission',
      attributes: { form: 'Late' },
    });
  await sandbox.control('PUT', '/lateness', { formsMs: HOUR_MS });
  const late = (await submit(0)).body.id;
  await sandbox.control('PUT', '/lateness', { formsMs: 0 });
  sandbox.advanceClock(60_000);
  const early = (await submit(1)).body.id;
  const [form] = (await sandbox.control('GET', '/forms')).body.filter(({ name }: { name: string }) => name === 'Late');
  const listed = async () => {
    const { body } = await sandbox.call('GET', `/form-integrations/v1/submissions/forms/${form.id}`);
    return body.results.map(({ conversionId }: { conversionId: string }) => conversionId);
  };
  expect(await listed()).toEqual([early]);
  sandbox.advanceClock(HOUR_MS);
  expect(await listed()).toEqual([early, late]);
  await sandbox.control('DELETE', `/forms/${form.id}/submissions/${early}`);
  expect(await listed()).toEqual([late]);
});

test('a calculated value changes without the modification time, and a late older change replaces no newer one in the search', async () => {
  const sandbox = await startTestSandbox({ searchLagMs: 0 });
  const path = `/crm/objects/2026-03/contacts/${sandbox.id(0)}?properties=jobtitle,lastmodifieddate`;
  const before = (await sandbox.call('GET', path)).body.properties;
  await sandbox.control('PUT', `/contacts/${sandbox.id(0)}/calculated`, { properties: { jobtitle: 'Student' } });
  const after = (await sandbox.call('GET', path)).body.properties;
  expect(after).toEqual({ ...before, jobtitle: 'Student' });

  await sandbox.control('PUT', '/lateness', { searchMs: HOUR_MS });
  await sandbox.control('PATCH', `/contacts/${sandbox.id(1)}`, { properties: { jobtitle: 'First' } });
  await sandbox.control('PUT', '/lateness', { searchMs: 0 });
  await sandbox.control('PATCH', `/contacts/${sandbox.id(1)}`, { properties: { jobtitle: 'Second' } });
  sandbox.advanceClock(2 * HOUR_MS);
  const filters = [{ propertyName: 'hs_object_id', operator: 'EQ', value: sandbox.id(1) }];
  const body = { filterGroups: [{ filters }], properties: ['jobtitle'], limit: 1 };
  const found = await sandbox.call('POST', '/crm/objects/2026-03/contacts/search', body);
  expect(found.body.results[0].properties.jobtitle).toBe('Second');
});
