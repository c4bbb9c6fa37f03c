// One form, one query and one record are broken for ever: everything else is fresh, and doctor names the three.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { setAsideFindings, withoutContradictions } from '../../../cli/doctor/set-aside.ts';
import { listSetAside } from '../../../src/store/set-aside/list-set-aside.ts';
import { listPauses } from '../../../src/store/sync/crm-pauses.ts';
import { type BothCrms, openBothCrms } from '../../support/both-crms.ts';
import { leads } from '../../support/leads.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FIT = 70;
const FORM = 10_000;
const BROKEN = { status: 500, body: { status: 'error', message: 'Pat Number0 is broken.' } };

const formsSchema = z.object({ results: z.array(z.object({ id: z.string(), name: z.string() })) });

/** A form that `happens` does not use. */
async function otherForm({ portal }: BothCrms): Promise<string> {
  const headers = { authorization: `Bearer ${portal.accessToken}` };
  const response = await fetch(`${portal.url}/marketing/v3/forms`, { headers });
  const { results } = formsSchema.parse(await response.json());
  const form = results.find(({ name }) => name !== 'contact');
  if (form === undefined) throw new Error('The portal has one form only.');
  return form.id;
}

/** A form and a record of HubSpot, and the query of tasks in Salesforce. */
async function breakThree(product: BothCrms): Promise<void> {
  await product.hubspot('PUT', 'faults', [
    { match: { path: `submissions/forms/${await otherForm(product)}` }, action: { ...BROKEN, status: 400 } },
    { match: { path: 'contacts/batch/read', body: `"${product.contactId('p0')}"` }, action: BROKEN },
  ]);
  await product.faults({ match: { path: 'FROM(%20|\\+)Task(%20|\\+)' }, action: BROKEN });
}

test('with one form, one query and one record broken for ever, all other scores are fresh and doctor names the three, until they work again', async () => {
  const product = await openBothCrms({ dataset: leads(4), hubspot: leads(4) });
  await product.backfill();
  await breakThree(product);
  await product.hubspot('PATCH', `contacts/${product.contactId('p0')}`, { properties: { jobtitle: 'Student' } });
  await product.hubspot('PATCH', `contacts/${product.contactId('p3')}`, { properties: { jobtitle: 'Student' } });
  await product.happens({ person: product.leadId('p1') }, 'call');
  await product.happens({ contact: product.contactId('p1') }, 'form_submission');
  await product.happens({ person: product.leadId('p2') }, 'meeting');
  for (let poll = 0; poll < 3; poll++) {
    product.advanceClock(MINUTE);
    await product.poll();
  }
  const { db, crms } = product.context;
  expect(await listPauses(db, [...crms.keys()])).toEqual([]);
  expect(await product.inHubSpot('p1')).toMatchObject({ total: FIT + FORM });
  expect(await product.inSalesforce('p2')).toMatchObject({ total: FIT + 100 });
  // The broken record keeps its last score.
  expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT });

  const findings = await setAsideFindings(product.context);
  expect(findings.map(({ part, what }) => `${part} ${what}`).toSorted()).toEqual([
    'hubspot contacts',
    'hubspot form_submissions',
    'salesforce reading tasks',
  ]);
  const text = findings.map(({ detail }) => detail).join('\n');
  expect(text).toContain(`record of contacts: ${product.contactId('p0')}`);
  for (const { detail, fix } of findings) {
    expect(detail).toMatch(/next attempt at 2026-\S+, or now: npx leadgrade errors retry$/);
    expect(fix).toBeTruthy();
  }
  const live = [{ part: 'salesforce', what: 'reading tasks', level: 'ok' as const, detail: 'allowed' }];
  expect(withoutContradictions(live, findings)).toEqual([]);
  // One warning each, and none quotes the CRM, which names a person.
  const warned = product.lines.filter(({ message }) => message.includes(': set aside'));
  expect(warned.map(({ level }) => level)).toEqual(['warn', 'warn', 'warn']);
  expect(JSON.stringify([warned, findings.map(({ detail }) => detail)])).not.toContain('Number0');

  await product.hubspot('PUT', 'faults', []);
  await product.faults();
  product.advanceClock(7 * HOUR);
  await product.poll();
  expect(await listSetAside(db, { crms: [...crms.keys()] })).toEqual([]);
  expect(await product.inHubSpot('p1')).toMatchObject({ total: FIT + FORM + 1_000 });
  const recovered = product.lines.filter(({ message }) => message.includes('no longer set aside'));
  expect(recovered.map(({ level }) => level)).toEqual(['info', 'info', 'info']);
});
