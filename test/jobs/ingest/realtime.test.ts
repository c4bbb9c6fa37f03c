// What happens in HubSpot, or on the team's own site, is in the written score without a poll, in every set-up.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { shippedSubscriptions } from '../../../cli/sandbox/subscriptions.ts';
import { BACKENDS } from '../../support/backends.ts';
import { MEETING_TITLE, writeMeetingModel } from '../../support/meeting-model.ts';
import type { Running } from '../../support/processes.ts';
import {
  openServiceEnvironment,
  type ServiceEnvironment,
  type ServiceRequest,
  SOON,
} from '../../support/service-environment.ts';

const WRITE_KEY = 'website-key-0123456789';
const idSchema = z.object({ id: z.string() });

/** What our app is subscribed to, and our own fields as well, as somebody may add them: nothing of them may be answered. */
async function ownFieldsToo() {
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

/** In the order in which a test closes them: the latest first. */
async function closeAll(opened: (() => Promise<unknown>)[]): Promise<void> {
  for (const close of opened.splice(0).toReversed()) await close();
}

describe.each(BACKENDS)('on $name, with nothing polled', (setup) => {
  const opened: (() => Promise<unknown>)[] = [];
  let environment: ServiceEnvironment;
  let service: Running;
  /** Of the sandbox's log, when everybody was written for the first time and nothing had happened for a while. */
  let calmAt = 0;
  let askedMeanwhile: readonly ServiceRequest[] = [];
  let arrivedMeanwhile: readonly object[] = [];
  let taken = 0;

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
      webhooks: { subscriptions: await ownFieldsToo() },
    });
    opened.push(() => environment.close());
    service = await environment.serve();
    await environment.calm();
    // The first reading of everything is over, and so is the tick of the schedule that comes beside the one of the start.
    const firstRead = "select from leadgrade.runs where job = 'backfill' and state = 'done'";
    await vi.waitFor(async () => expect(await environment.query(firstRead)).toHaveLength(1), SOON);
    await environment.quiet(2_000);
    await environment.calm();
    const written = await environment.logEnd();
    // Longer than the quiet time: whom our own writes had made dirty would have been read, and written, again.
    await sleep(3_000);
    askedMeanwhile = await environment.log(written);
    arrivedMeanwhile = await environment.query('select crm, key from leadgrade.processed_event_keys');
    calmAt = await environment.logEnd();
  }, 180_000);
  afterAll(() => closeAll(opened));

  /** A seeded lead that no other sentence is about. */
  const nextContact = () => {
    const lead = environment.leads[taken++];
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
  const ledgerOf = async (id: string) => {
    const rows = await environment.query<{ type: string }>(`
      select a.type from leadgrade.activities a join leadgrade.records r using (lead_id)
      where r.id = '${id}' and a.gone_at is null`);
    return rows.map(({ type }) => type);
  };
  const does = (contactId: string, type: string, attributes: object = {}) =>
    environment.control('POST', 'activities', { contactId, type, attributes });
  const asksForDemo = async (email: string) => {
    const answer = await fetch(`${environment.url}/events`, {
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
    expect(answer.status).toBe(200);
  };

  test('what we write ourselves comes back as webhooks, and is neither kept, nor read again, nor written again', async () => {
    expect((await environment.delivered()).delivered).toBeGreaterThan(0);
    expect(arrivedMeanwhile).toEqual([]);
    expect(askedMeanwhile.filter(({ path }) => /\/contacts\/batch\/(read|update)$/.test(path))).toEqual([]);
  });

  test('a title that changes in HubSpot is in the written score', async () => {
    const { id } = nextContact();
    await environment.control('PATCH', `contacts/${id}`, { properties: { jobtitle: 'Student of things' } });
    await explained(id).toContain('Student or intern');
  });

  test('a meeting is in the ledger and in the written score', async () => {
    const { id } = nextContact();
    await does(id, 'meeting', { title: MEETING_TITLE, outcome: 'COMPLETED' });
    await explained(id).toContain('+9 Met us');
    expect(await ledgerOf(id)).toContain('meeting');
  });

  test('a demo that was asked for on the site is in the written explanation', async () => {
    const { id, email } = nextContact();
    await asksForDemo(email);
    await explained(id).toContain('+40 Requested a demo');
  });

  test('a form that was submitted in HubSpot is there within its beat', async () => {
    const { id } = nextContact();
    await does(id, 'form_submission', { form: 'Request a demo' });
    await explained(id).toContain('+40 Requested a demo');
  });

  test('a contact that is created is scored; deleted it is a tombstone, restored it is back', async () => {
    const properties = { email: 'new@created.example', jobtitle: 'VP Sales' };
    const { id } = idSchema.parse(await environment.control('POST', 'contacts', { properties }));
    await explained(id).toContain('Executive');
    await environment.control('DELETE', `contacts/${id}`);
    await expect.poll(async () => (await recordOf(id))?.state, SOON).toBe('gone');
    await environment.control('POST', `contacts/${id}/restore`);
    await expect.poll(async () => (await recordOf(id))?.state, SOON).toBe('live');
    await does(id, 'meeting', { title: `${MEETING_TITLE} again`, outcome: 'COMPLETED' });
    await explained(id).toContain('+9 Met us');
  });

  test('whoever was merged is one lead with both ledgers', async () => {
    const [stays, goes] = [nextContact(), nextContact()];
    await does(stays.id, 'meeting', { title: MEETING_TITLE, outcome: 'COMPLETED' });
    await asksForDemo(goes.email);
    await explained(stays.id).toContain('+9 Met us');
    await explained(goes.id).toContain('+40 Requested a demo');
    await environment.control('POST', 'merge', { primaryId: stays.id, mergedId: goes.id });
    await explained(stays.id).toContain('+40 Requested a demo');
    expect(await environment.explanation(stays.id)).toContain('+9 Met us');
    expect(await recordOf(goes.id)).toMatchObject({ state: 'merged', merged_into: stays.id });
    expect(await ledgerOf(stays.id)).toEqual(expect.arrayContaining(['meeting', 'form_submission']));
  });

  test('a privacy deletion leaves nothing of the person in the store or the queue, nor was anything said of them', async () => {
    const email = 'zebedee.quillfeather@erased.example';
    const traces = [email, 'Zebedee', 'Quillfeather', 'Chief Zeppelin Officer'];
    const properties = { email, firstname: 'Zebedee', lastname: 'Quillfeather', jobtitle: 'Chief Zeppelin Officer' };
    const { id } = idSchema.parse(await environment.control('POST', 'contacts', { properties }));
    await explained(id).toContain('Executive');
    await asksForDemo(email);
    await does(id, 'meeting', { title: `${MEETING_TITLE} with Zebedee`, outcome: 'COMPLETED' });
    await explained(id).toContain('+40 Requested a demo');
    await explained(id).toContain('+9 Met us');
    // It is kept as it came, as nobody can tell what it is about.
    expect(await environment.deliverWebhook(id, { occurredAt: 'yesterday', propertyValue: email })).toBe(200);
    const before = await environment.dump();
    expect(traces.filter((trace) => !before.includes(trace))).toEqual([]);
    expect(/^redis /m.test(before)).toBe(setup.name.includes('redis'));

    await environment.control('POST', `contacts/${id}/privacy-deletion`);
    await expect.poll(async () => (await recordOf(id))?.erased, SOON).toBe(true);
    await environment.calm();
    const after = (await environment.dump()).toLowerCase();
    expect(traces.filter((trace) => after.includes(trace.toLowerCase()))).toEqual([]);
    const said = service.output().toLowerCase();
    expect(traces.filter((trace) => said.includes(trace.toLowerCase()))).toEqual([]);
  });

  test('meanwhile nobody was searched for, every webhook was taken, and nothing secret was said', async () => {
    await environment.calm();
    expect((await environment.log(calmAt)).filter(({ path }) => path.endsWith('/contacts/search'))).toEqual([]);
    const { sent, delivered, failed } = await environment.delivered();
    expect({ delivered, failed }).toEqual({ delivered: sent, failed: 0 });
    const { accessToken, clientSecret } = environment.sandbox;
    const secrets = [accessToken, clientSecret, WRITE_KEY, ...environment.leads.map(({ email }) => email)];
    expect(secrets.filter((secret) => service.output().includes(secret))).toEqual([]);
  });
});
