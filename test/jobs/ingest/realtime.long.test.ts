// A change in HubSpot, or an event of the team's own site, reaches the written score without a
// poll, on every backend.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { shippedSubscriptions } from '../../../cli/sandbox/subscriptions.ts';
import { BACKEND } from '../../support/backends.ts';
import { MEETING_TITLE, writeMeetingModel } from '../../support/meeting-model.ts';
import type { Running } from '../../support/processes.ts';
import type { LoggedRequest } from '../../support/sandbox-crm.ts';
import {
  METRICS_TOKEN,
  openServiceEnvironment,
  type ServiceEnvironment,
  SOON,
} from '../../support/service-environment.ts';

const WRITE_KEY = 'website-key-0123456789';
const idSchema = z.object({ id: z.string() });

/**
 * The subscriptions of our app, and our own fields, which a user may add: their events must cause
 * no work.
 */
async function subscriptionsWithOwnFields() {
  const { crmObjects, ...others } = await shippedSubscriptions();
  const ours = ['leadgrade_status', 'leadgrade_total_score', 'leadgrade_explanation'].map((propertyName) => {
    return {
      subscriptionType: 'object.propertyChange' as const,
      objectType: 'contact' as const,
      propertyName,
      active: true,
    };
  });
  return { ...others, crmObjects: [...crmObjects, ...ours] };
}

describe(`without a poll, on ${BACKEND.name}`, () => {
  const setup = BACKEND;
  const opened: (() => Promise<unknown>)[] = [];
  let environment: ServiceEnvironment;
  let service: Running;
  /** The `seq` of the sandbox's log after the first sync, its writes and some idle time. */
  let idleSeq = 0;
  let requestsWhileIdle: readonly LoggedRequest[] = [];
  let eventsWhileIdle: readonly object[] = [];
  let usedLeads = 0;

  beforeAll(async () => {
    const installation = await setup.create();
    opened.push(() => installation.destroy());
    const folder = await mkdtemp(join(tmpdir(), 'leadgrade-realtime-'));
    opened.push(() => rm(folder, { recursive: true, force: true }));
    environment = await openServiceEnvironment({
      env: installation.env,
      settings: {
        MODEL_FILE: await writeMeetingModel(folder),
        HUBSPOT_FORMS_SECONDS: '5',
        EVENTS_WRITE_KEYS: `website:${WRITE_KEY}`,
      },
      webhooks: { subscriptions: await subscriptionsWithOwnFields() },
    });
    opened.push(() => environment.close());
    service = await environment.serve();
    await environment.calm();
    // The first sync is done, and so are the poll at the start and the first scheduled poll.
    const backfill = "select from leadgrade.runs where job = 'backfill' and state = 'done'";
    await vi.waitFor(async () => expect(await environment.query(backfill)).toHaveLength(1), SOON);
    await environment.quiet(2_000);
    await environment.calm();
    const written = await environment.logEnd();
    // Longer than the debounce window: a record that our own writes had made dirty would be read
    // and written again.
    await sleep(3_000);
    requestsWhileIdle = await environment.log(written);
    eventsWhileIdle = await environment.query('select crm, key from leadgrade.processed_event_keys');
    idleSeq = await environment.logEnd();
  }, 180_000);
  afterAll(async () => {
    for (const close of opened.toReversed()) await close();
  });

  /** A seeded lead that no other test uses. */
  const nextContact = () => {
    const lead = environment.leads[usedLeads++];
    if (lead === undefined) throw new Error('The sandbox has too few leads for these tests.');
    return lead;
  };
  const explained = (id: string) => expect.poll(() => environment.explanation(id), SOON);
  const recordOf = async (id: string) => {
    const [row] = await environment.query<{ state: string; merged_into: string | null; erased: boolean }>(
      `select state, merged_into, erased_at is not null as erased from leadgrade.records where id = '${id}'`,
    );
    return row;
  };
  const activityTypesOf = async (id: string) => {
    const rows = await environment.query<{ type: string }>(`
      select a.type from leadgrade.activities a join leadgrade.records r using (lead_id)
      where r.id = '${id}' and a.gone_at is null`);
    return rows.map(({ type }) => type);
  };
  const createActivity = (contactId: string, type: string, attributes: object = {}) =>
    environment.control('POST', 'activities', { contactId, type, attributes });
  const requestDemoOnSite = async (email: string) => {
    const response = await fetch(`${environment.url}/events`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}`,
      },
      body: JSON.stringify({
        ...{ type: 'track', event: 'Demo Requested', messageId: crypto.randomUUID() },
        timestamp: new Date().toISOString(),
        context: { traits: { email } },
      }),
    });
    expect(response.status).toBe(200);
  };

  test('webhooks about our own writes are not stored and cause no read and no write', async () => {
    expect((await environment.delivered()).delivered).toBeGreaterThan(0);
    expect(eventsWhileIdle).toEqual([]);
    expect(requestsWhileIdle.filter(({ path }) => /\/contacts\/batch\/(read|update)$/.test(path))).toEqual([]);
  });

  test('a change of a title in HubSpot reaches the written score', async () => {
    const { id } = nextContact();
    await environment.control('PATCH', `contacts/${id}`, { properties: { jobtitle: 'Student of things' } });
    await explained(id).toContain('Student or intern');
  });

  test('a meeting is stored and reaches the written score', async () => {
    const { id } = nextContact();
    await createActivity(id, 'meeting', { title: MEETING_TITLE, outcome: 'COMPLETED' });
    await explained(id).toContain('+9 Met us');
    expect(await activityTypesOf(id)).toContain('meeting');
  });

  test('a demo request on the site reaches the written explanation', async () => {
    const { id, email } = nextContact();
    await requestDemoOnSite(email);
    await explained(id).toContain('+40 Requested a demo');
  });

  test('a form submission in HubSpot reaches the written explanation after the next poll of fast streams', async () => {
    const { id } = nextContact();
    await createActivity(id, 'form_submission', { form: 'Request a demo' });
    await explained(id).toContain('+40 Requested a demo');
  });

  test('a new contact is scored; deleted, it becomes a tombstone; restored, it is scored again', async () => {
    const properties = { email: 'new@created.example', jobtitle: 'VP Sales' };
    const { id } = idSchema.parse(await environment.control('POST', 'contacts', { properties }));
    await explained(id).toContain('Executive');
    await environment.control('DELETE', `contacts/${id}`);
    await expect.poll(async () => (await recordOf(id))?.state, SOON).toBe('gone');
    await environment.control('POST', `contacts/${id}/restore`);
    await expect.poll(async () => (await recordOf(id))?.state, SOON).toBe('live');
    await createActivity(id, 'meeting', { title: `${MEETING_TITLE} again`, outcome: 'COMPLETED' });
    await explained(id).toContain('+9 Met us');
  });

  test('two merged contacts are one lead with the activities of both', async () => {
    const [survivor, merged] = [nextContact(), nextContact()];
    await createActivity(survivor.id, 'meeting', { title: MEETING_TITLE, outcome: 'COMPLETED' });
    await requestDemoOnSite(merged.email);
    await explained(survivor.id).toContain('+9 Met us');
    await explained(merged.id).toContain('+40 Requested a demo');
    await environment.control('POST', 'merge', { primaryId: survivor.id, mergedId: merged.id });
    await explained(survivor.id).toContain('+40 Requested a demo');
    expect(await environment.explanation(survivor.id)).toContain('+9 Met us');
    expect(await recordOf(merged.id)).toMatchObject({ state: 'merged', merged_into: survivor.id });
    expect(await activityTypesOf(survivor.id)).toEqual(expect.arrayContaining(['meeting', 'form_submission']));
  });

  test('a privacy deletion leaves no data of the person in the store or the queue, and the log contains none', async () => {
    const email = 'zebedee.quillfeather@erased.example';
    const traces = [email, 'Zebedee', 'Quillfeather', 'Chief Zeppelin Officer'];
    const properties = { email, firstname: 'Zebedee', lastname: 'Quillfeather', jobtitle: 'Chief Zeppelin Officer' };
    const { id } = idSchema.parse(await environment.control('POST', 'contacts', { properties }));
    await explained(id).toContain('Executive');
    await requestDemoOnSite(email);
    await createActivity(id, 'meeting', { title: `${MEETING_TITLE} with Zebedee`, outcome: 'COMPLETED' });
    await explained(id).toContain('+40 Requested a demo');
    await explained(id).toContain('+9 Met us');
    // An unparsable event is quarantined as it was received.
    expect(await environment.deliverWebhook(id, { occurredAt: 'yesterday', propertyValue: email })).toBe(200);
    const before = await environment.dump();
    expect(traces.filter((trace) => !before.includes(trace))).toEqual([]);
    expect(/^redis /m.test(before)).toBe(setup.name.includes('redis'));

    await environment.control('POST', `contacts/${id}/privacy-deletion`);
    await expect.poll(async () => (await recordOf(id))?.erased, SOON).toBe(true);
    await environment.calm();
    const after = (await environment.dump()).toLowerCase();
    expect(traces.filter((trace) => after.includes(trace.toLowerCase()))).toEqual([]);
    const logged = service.output().toLowerCase();
    expect(traces.filter((trace) => logged.includes(trace.toLowerCase()))).toEqual([]);
  });

  test('no search was made, every webhook was acknowledged, and no log, page, finding or job contains a secret or an address', async () => {
    await environment.calm();
    expect((await environment.log(idleSeq)).filter(({ path }) => path.endsWith('/contacts/search'))).toEqual([]);
    const { sent, delivered, failed } = await environment.delivered();
    expect({ delivered, failed }).toEqual({ delivered: sent, failed: 0 });
    const { accessToken, clientSecret } = environment.sandbox;
    const secrets = [accessToken, clientSecret, WRITE_KEY];
    const people = environment.leads.map(({ email }) => email);
    const doctor = environment.run('doctor');
    await doctor.ended;
    const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
    const pages = ['metrics', 'readyz'].map(async (page) => {
      return (await fetch(`${environment.url}/${page}`, { headers })).text();
    });
    const said = [service.output(), doctor.output(), ...(await Promise.all(pages))].join('\n');
    expect([...secrets, ...people].filter((secret) => said.includes(secret))).toEqual([]);
    const stored = await environment.dump();
    expect(secrets.filter((secret) => stored.includes(secret))).toEqual([]);
    // Jobs carry names of jobs and CRMs.
    const jobs = /^redis /m.test(stored)
      ? stored.split('\n').filter((line) => line.startsWith('redis '))
      : await environment.query<object>('select * from bullmq.job');
    expect(jobs.length).toBeGreaterThan(0);
    expect([...secrets, ...people].filter((secret) => JSON.stringify(jobs).includes(secret))).toEqual([]);
  });
});
