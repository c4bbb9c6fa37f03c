// A backfill on every backend, through the product's own queue: all contacts are read, scored and
// written once, and afterwards only changed ones.
import { describe, expect, test } from 'vitest';
import { isExplanationConsistent, isScored } from '../../../cli/demo/display-record.ts';
import { toDisplayRecord } from '../../../cli/demo/hubspot-view.ts';
import { BACKEND } from '../../support/backends.ts';
import { openTestProduct, type SeenContact } from '../../support/product.ts';

const CONTACTS = 250;

const displayed = ({ id, properties }: SeenContact) => toDisplayRecord(id, properties);

describe(`on ${BACKEND.name}`, () => {
  test('a backfill writes all scored contacts once in full batches, and later backfills write only those with a changed score', async () => {
    const under = await openTestProduct({ people: CONTACTS, queue: true });
    expect(await under.backfill()).toMatchObject({ state: 'done' });
    const scored = (await under.contacts()).filter((contact) => isScored(displayed(contact)));
    expect(scored.length).toBeGreaterThan(CONTACTS * 0.8);
    expect(scored.filter((contact) => !isExplanationConsistent(displayed(contact)))).toEqual([]);
    const first = await under.writes();
    expect(first.flatMap(({ ids = [] }) => ids).toSorted()).toEqual(scored.map(({ id }) => id).toSorted());
    expect(first).toHaveLength(Math.ceil(scored.length / 100));

    const start = (await under.log()).at(-1)?.seq ?? 0;
    under.advanceClock(60_000);
    expect(await under.backfill()).toMatchObject({ state: 'done' });
    expect(await under.writes(start)).toEqual([]);

    const [promoted, active] = scored.filter(({ properties }) => properties.lifecyclestage === 'lead');
    const employees = (await under.contacts()).filter(({ companyId }) => companyId !== null);
    const employer = employees.find(({ id }) => id !== promoted?.id && id !== active?.id)?.companyId;
    await under.control('PATCH', `contacts/${promoted?.id}`, {
      properties: { jobtitle: promoted?.properties.jobtitle === 'CEO' ? 'Intern' : 'CEO' },
    });
    await under.control('POST', 'activities', { contactId: active?.id, type: 'meeting' });
    await under.control('POST', 'activities', { contactId: active?.id, type: 'trial_started' });
    await under.control('PATCH', `companies/${employer}`, { properties: { numberofemployees: '4' } });
    const concerned = new Set([promoted?.id, active?.id]);
    for (const { id, companyId } of scored) if (companyId === employer) concerned.add(id);
    under.advanceClock(60_000);
    expect(await under.backfill()).toMatchObject({ state: 'done' });
    const third = (await under.writes()).slice(first.length);
    expect(new Set(third.flatMap(({ ids = [] }) => ids))).toEqual(concerned);
    expect(third).toHaveLength(1);
  });
});
