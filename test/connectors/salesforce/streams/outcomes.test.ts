// Reading opportunities from a sandbox org as deal outcomes of their Contacts.
import { describe, expect, test } from 'vitest';
import { opportunityStream, toOutcome } from '../../../../connectors/salesforce/streams/opportunity-stream.ts';
import { peopleWithDeals } from '../../../../sandbox/test/salesforce/sandbox-under-test.ts';
import type { Cursor } from '../../../../src/crm/connector.ts';
import { type ConnectedOrg, connectedOrg, pagesOf } from '../salesforce-fixture.ts';

function open(deals: readonly number[], hiddenFields: readonly string[] = []): Promise<ConnectedOrg> {
  return connectedOrg({ dataset: peopleWithDeals(3, deals), hiddenFields });
}

async function read({ parts }: ConnectedOrg, cursor: Cursor | null = null) {
  const pages = await pagesOf(opportunityStream(parts), cursor);
  return {
    pages,
    outcomes: pages.flatMap((page) => page.outcomes),
    complete: pages.flatMap((page) => page.complete?.outcomes ?? []),
    cursor: pages.at(-1)?.cursor ?? cursor,
  };
}

/**
 * The cursor after the full sync and the first poll that follows it; advances the clock by ten
 * minutes.
 */
async function cursorAfterAll(connected: ConnectedOrg): Promise<Cursor | null> {
  const { cursor } = await read(connected);
  const { cursor: next } = await read(connected, cursor);
  connected.org.advanceClock(600_000);
  return next;
}

async function opportunityOf({ org }: ConnectedOrg, person: number): Promise<string> {
  const soql = `SELECT OpportunityId FROM OpportunityContactRole WHERE ContactId = '${org.contact(person)}'`;
  return String((await org.column(soql, 'OpportunityId'))[0]);
}

test('a won opportunity is the outcome of the Contact that has a role in it', async () => {
  const connected = await open([0]);
  const id = await opportunityOf(connected, 0);
  const { outcomes, pages } = await read(connected);
  expect(pages.map(({ isFullSync }) => isFullSync)).toEqual([true, false]);
  const stageAt = Date.parse('2026-02-01T00:00:00Z');
  expect(outcomes).toEqual([
    {
      ref: { object: 'Contact', id: connected.org.contact(0) },
      id: `opportunity:${id}`,
      source: 'opportunities',
      pipeline: null,
      stage: 'Closed Won',
      state: 'won',
      amount: 500,
      currency: null,
      createdAt: Date.parse('2026-01-15T00:00:00Z'),
      closedAt: stageAt,
      stages: [{ stage: 'Closed Won', enteredAt: expect.any(Number) }],
    },
  ]);
});

test('an opportunity that moves to another stage is read again for its Contacts, although their roles did not change', async () => {
  const connected = await open([0, 1]);
  const { org } = connected;
  const id = await opportunityOf(connected, 1);
  const cursor = await cursorAfterAll(connected);
  expect(await read(connected, cursor)).toMatchObject({ outcomes: [], complete: [] });
  await org.control('PATCH', `/records/Opportunity/${id}`, { values: { StageName: 'Negotiation/Review' } });
  const moved = await read(connected, cursor);
  expect(moved.outcomes).toMatchObject([
    { ref: { id: org.contact(1) }, state: 'open', stage: 'Negotiation/Review', closedAt: null },
  ]);
  org.advanceClock(1_000);
  await org.control('PATCH', `/records/Opportunity/${id}`, { values: { StageName: 'Closed Lost' } });
  expect((await read(connected, moved.cursor)).outcomes).toMatchObject([{ state: 'lost', stage: 'Closed Lost' }]);
});

describe('a contact role', () => {
  test('a new contact role adds the outcome to one more Contact', async () => {
    const connected = await open([0, 1]);
    const { org } = connected;
    const OpportunityId = await opportunityOf(connected, 0);
    const cursor = await cursorAfterAll(connected);
    const values = { OpportunityId, ContactId: org.contact(1), Role: 'Evaluator' };
    await org.control('POST', '/records/OpportunityContactRole', { values });
    const { outcomes, complete } = await read(connected, cursor);
    expect(outcomes.map(({ ref }) => ref.id).toSorted()).toEqual([org.contact(0), org.contact(1)].toSorted());
    expect(complete).toEqual([`opportunity:${OpportunityId}`]);
  });

  test('a deleted contact role removes the outcome only from its Contact', async () => {
    const connected = await open([0, 1]);
    const { org } = connected;
    const OpportunityId = await opportunityOf(connected, 0);
    const values = { OpportunityId, ContactId: org.contact(1), Role: 'Evaluator' };
    const { body } = await org.control('POST', '/records/OpportunityContactRole', { values });
    const cursor = await cursorAfterAll(connected);
    await org.control('DELETE', `/records/OpportunityContactRole/${body.id}`);
    const { outcomes, complete } = await read(connected, cursor);
    expect(outcomes.map(({ ref }) => ref.id)).toEqual([org.contact(0)]);
    expect(complete).toEqual([`opportunity:${OpportunityId}`]);
  });
});

test('a deleted opportunity is an outcome of no Contact', async () => {
  const connected = await open([0]);
  const id = await opportunityOf(connected, 0);
  const cursor = await cursorAfterAll(connected);
  await connected.org.control('DELETE', `/records/Opportunity/${id}`);
  const { outcomes, complete } = await read(connected, cursor);
  expect([outcomes, new Set(complete)]).toEqual([[], new Set([`opportunity:${id}`])]);
});

test('an opportunity with a hidden amount is read as an outcome without an amount', async () => {
  const connected = await open([0], ['Opportunity.Amount', 'Opportunity.LastStageChangeDate']);
  expect((await read(connected)).outcomes).toMatchObject([{ state: 'won', amount: null, stages: [] }]);
});

test('a hidden contact role object is a forbidden error, so that no outcome is removed', async () => {
  const connected = await open([0]);
  const { org, parts } = connected;
  const cursor = await cursorAfterAll(connected);
  await org.control('PUT', '/hidden-fields', ['OpportunityContactRole']);
  parts.schema.invalidate();
  const id = (await org.column('SELECT Id FROM Opportunity'))[0];
  await org.control('PATCH', `/records/Opportunity/${id}`, { values: { Amount: 700 } });
  await expect(read(connected, cursor)).rejects.toMatchObject({ kind: 'forbidden' });
});

test('an opportunity of an org with several currencies has its currency code', () => {
  const values = { StageName: 'Prospecting', IsWon: false, IsClosed: false, Amount: 9.5, CurrencyIsoCode: 'EUR' };
  expect(toOutcome('006000000000001AAA', values)).toMatchObject({ amount: 9.5, currency: 'EUR', state: 'open' });
});
