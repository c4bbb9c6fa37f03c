import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { create, settingsSchema } from '../../../../connectors/hubspot/index.ts';
import { seededDataset } from '../../../../sandbox/dataset/seeded.ts';
import { startHubSpotSandbox } from '../../../../sandbox/hubspot/start.ts';
import type { ChangePage, StreamItems } from '../../../../src/crm/connector.ts';
import { createMemoryLimiter } from '../../../support/memory-limiter.ts';
import { control } from '../../../support/sandbox-crm.ts';
import { shippedMapping } from '../hubspot-fixture.ts';

// The boundary of this test: the sandbox serves over real HTTP in real time, and its search returns
// a change only after an hour.
const clock = { now: () => new Date() };
const { signal } = new AbortController();
const opened: { close(): Promise<void> }[] = [];
let portal: Awaited<ReturnType<typeof open>>;
beforeAll(async () => {
  portal = await open();
});
afterAll(async () => {
  for (const resource of opened) await resource.close();
});

const createdSchema = z.object({ id: z.string() });
const activitySchema = z.object({ object: z.string(), id: z.string() });

async function open() {
  const dataset = seededDataset({ contacts: 60, seed: 7, now: clock.now() });
  const sandbox = await startHubSpotSandbox({ port: 0, dataset, clock, searchLagMs: 3_600_000 });
  const settings = settingsSchema.parse({ HUBSPOT_ACCESS_TOKEN: sandbox.accessToken, HUBSPOT_API_URL: sandbox.url });
  const connector = create({
    settings,
    mapping: shippedMapping(),
    limiter: createMemoryLimiter({ pace: true }),
    clock,
  });
  opened.push(connector, sandbox);
  const person = (await connector.listAllRecords!(null, signal)).refs[0]!;
  const send = (method: string, path: string, body?: unknown) => control(sandbox.url, method, path, body);
  return {
    connector,
    person,
    send,
    addMeeting: async () =>
      activitySchema.parse(await send('POST', 'activities', { contactId: person.id, type: 'meeting' })).id,
    read: (stream: string, ids: readonly string[]) => connector.readItems!(stream, ids, signal),
    /** The paths of the calls to HubSpot while `work` ran. */
    calls: async (work: () => Promise<unknown>) => {
      await send('POST', 'reset-log');
      await work();
      const lines = String(await send('GET', 'log'))
        .trim()
        .split('\n')
        .filter((line) => line !== '');
      return lines.map((line) => z.object({ path: z.string() }).parse(JSON.parse(line)).path);
    },
    fullSync: async (id: string) => {
      const pages: ChangePage[] = [];
      const stream = connector.streams.find((candidate) => candidate.id === id)!;
      for await (const page of connector.listChanges(stream, null, signal)) pages.push(page);
      return pages;
    },
  };
}

const contactsOf = ({ activities }: StreamItems, id: string) =>
  activities.filter((activity) => activity.id === id).map(({ ref }) => ref.id);

describe('an engagement that a webhook named', () => {
  test('is returned for its contacts at once, without a search', async () => {
    const { read, addMeeting, person, calls } = portal;
    const id = await addMeeting();
    let items: StreamItems | undefined;
    const paths = await calls(async () => {
      items = await read('meetings', [id]);
    });
    expect(contactsOf(items!, `meeting:${id}`)).toEqual([person.id]);
    expect(items).toMatchObject({
      activities: [{ type: 'meeting', ref: { object: 'contacts' } }],
      complete: { activities: [`meeting:${id}`], outcomes: [] },
    });
    expect(paths.some((path) => path.endsWith('/search'))).toBe(false);
  });

  test('belongs to no contact after its deletion, and the other engagements are still returned', async () => {
    const { read, addMeeting, person, send } = portal;
    const [existing, deleted] = [await addMeeting(), await addMeeting()];
    await send('DELETE', `activities/meetings/${deleted}`);
    const items = await read('meetings', [deleted, existing, '999999999']);
    expect(items.activities.map(({ id, ref }) => [id, ref.id])).toEqual([[`meeting:${existing}`, person.id]]);
    expect(new Set(items.complete?.activities)).toEqual(
      new Set([`meeting:${deleted}`, `meeting:${existing}`, 'meeting:999999999']),
    );
  });

  test('is gone from its contacts after it was canceled', async () => {
    const { read, addMeeting, person, send } = portal;
    const id = await addMeeting();
    await send('PATCH', `activities/meetings/${id}`, { properties: { hs_meeting_outcome: 'CANCELED' } });
    const items = await read('meetings', [id]);
    expect(items).toMatchObject({ activities: [], gone: [{ ref: person, activityId: `meeting:${id}` }] });
  });

  test('costs two calls together with 99 others, and equals the result of a full sync', async () => {
    const { read, fullSync, calls } = portal;
    const listed = (await fullSync('meetings')).flatMap((page) => page.activities);
    const ids = [...new Set(listed.map(({ id }) => id.slice('meeting:'.length)))].slice(0, 100);
    let items: StreamItems | undefined;
    const paths = await calls(async () => {
      items = await read('meetings', [...ids, ...ids]);
    });
    expect(paths).toHaveLength(2);
    const wanted = new Set(ids.map((id) => `meeting:${id}`));
    const sorted = (activities: StreamItems['activities']) =>
      activities.toSorted((a, b) => (a.id + a.ref.id < b.id + b.ref.id ? -1 : 1));
    expect(sorted(items!.activities)).toEqual(sorted(listed.filter(({ id }) => wanted.has(id))));
  });

  test('costs no call if its list of IDs is empty', async () => {
    const { read, calls } = portal;
    const paths = await calls(() => read('meetings', []));
    expect(paths).toEqual([]);
  });
});

describe('a deal that a webhook named', () => {
  test('is an outcome of its contacts, which become dirty because HubSpot counts deals on them', async () => {
    const { read, person, send } = portal;
    const { id } = createdSchema.parse(await send('POST', 'deals', { contactIds: [person.id], stage: 'closedwon' }));
    expect(await read('deals', [id])).toMatchObject({
      outcomes: [{ id: `deal:${id}`, state: 'won', ref: person }],
      dirty: [{ ref: person }],
      complete: { activities: [], outcomes: [`deal:${id}`] },
    });
    await send('DELETE', `deals/${id}/contacts/${person.id}`);
    const unlinked = { outcomes: [], dirty: [], complete: { activities: [], outcomes: [`deal:${id}`] } };
    expect(await read('deals', [id])).toMatchObject(unlinked);
    await send('DELETE', `deals/${id}`);
    expect(await read('deals', [id])).toMatchObject(unlinked);
  });
});

describe('a company that a webhook named', () => {
  test('makes its contacts dirty, with one call', async () => {
    const { connector, read, calls } = portal;
    const { refs } = await connector.listAllRecords!(null, signal);
    const leads = (await connector.fetchLeads(refs, signal)).filter((lead) => lead.kind === 'lead');
    const { ref: person, companyId } = leads.find((lead) => lead.companyId !== null)!;
    let items: StreamItems | undefined;
    const paths = await calls(async () => {
      items = await read('companies', [companyId!, '888888888']);
    });
    expect(items!.dirty.map(({ ref }) => ref.id)).toContain(person.id);
    expect(items).toMatchObject({ activities: [], outcomes: [] });
    expect(paths).toHaveLength(1);
  });
});

test('reading items of a stream without IDs, or of a stream that the mapping does not read, is refused', async () => {
  const { read } = portal;
  await expect(read('notes', ['1'])).rejects.toThrow(/does not read a HubSpot stream "notes"/);
  await expect(read('form_submissions', ['1'])).rejects.toThrow(
    /does not read items of the stream "form_submissions" by ID/,
  );
});
