// Findings of doctor about webhooks, by settings and received events.
import { describe, expect, test } from 'vitest';
import { webhookFindings } from '../../../cli/doctor/webhooks.ts';
import { create, settingsSchema } from '../../../connectors/salesforce/index.ts';
import type { CrmConnector } from '../../../src/crm/connector.ts';
import { insertInboxEvents } from '../../../src/store/inbox/inbox.ts';
import { insertQuarantine } from '../../../src/store/inbox/quarantine.ts';
import { connect } from '../../connectors/hubspot/hubspot-fixture.ts';
import { shippedMapping } from '../../connectors/salesforce/salesforce-fixture.ts';
import { at, freshStore } from '../../store/fresh-store.ts';
import { BACKEND } from '../../support/backends.ts';

const PUBLIC_URL = 'https://leads.acme.io';
const TOKEN = 'c6f1d9a0b7e84d21a3f5';
const clock = { now: () => at() };

const hubspot = (more = {}) => connect({}, undefined, more).connector;

function salesforce(more = {}): CrmConnector {
  const settings = settingsSchema.parse({
    ...{ SALESFORCE_LOGIN_URL: 'https://acme.my.salesforce.com', SALESFORCE_CLIENT_ID: 'key' },
    ...{ SALESFORCE_CLIENT_SECRET: 'secret', ...more },
  });
  return create({ settings, mapping: shippedMapping(), clock });
}

describe(`on ${BACKEND.name}`, () => {
  const setup = BACKEND;
  const store = freshStore(setup);
  const findingLines = async (connectors: readonly CrmConnector[], publicUrl: string | undefined) => {
    const findings = await webhookFindings({ db: store.db, clock, connectors, publicUrl });
    return findings.map(({ part, what, level, detail, fix = '' }) =>
      `${level} ${part} ${what}: ${detail} ${fix}`.trim(),
    );
  };

  test('doctor reports nothing about webhooks without PUBLIC_URL and without their settings', async () => {
    expect(await findingLines([hubspot(), salesforce()], undefined)).toEqual([]);
  });

  test('doctor with PUBLIC_URL names the setting that enables the webhooks of each CRM, and never a token', async () => {
    expect(await findingLines([hubspot(), salesforce()], PUBLIC_URL)).toEqual([
      `ok hubspot webhooks: off, changes are polled; set HUBSPOT_CLIENT_SECRET to receive them at ${PUBLIC_URL}/webhooks/hubspot`,
      `ok salesforce webhooks: off, changes are polled; set SALESFORCE_WEBHOOK_TOKEN to receive them at ${PUBLIC_URL}/webhooks/salesforce/<token>`,
    ]);
    const set = [hubspot({ HUBSPOT_CLIENT_SECRET: 's' }), salesforce({ SALESFORCE_WEBHOOK_TOKEN: TOKEN })];
    expect(await findingLines(set, PUBLIC_URL)).toEqual([
      `ok hubspot webhooks: received at ${PUBLIC_URL}/webhooks/hubspot; no event in the last three days`,
      `ok salesforce webhooks: received at ${PUBLIC_URL}/webhooks/salesforce/<token>; no event in the last three days`,
    ]);
  });

  test('doctor without PUBLIC_URL warns about HubSpot, whose signature needs it, and not about Salesforce', async () => {
    const set = [hubspot({ HUBSPOT_CLIENT_SECRET: 's' }), salesforce({ SALESFORCE_WEBHOOK_TOKEN: TOKEN })];
    expect(await findingLines(set, undefined)).toEqual([
      expect.stringMatching(/^warning hubspot webhooks: PUBLIC_URL is not set.* or remove HUBSPOT_CLIENT_SECRET\.$/),
      'ok salesforce webhooks: no event in the last three days',
    ]);
  });

  test('doctor reports the last event, the backlog of the inbox and the quarantine', async () => {
    const event = { key: 'k', account: '1', kind: 'record', object: 'contacts', id: '1', priority: 1 } as const;
    await insertInboxEvents(store.db, 'hubspot', [{ ...event, occurredAt: at(-60).getTime() }], at(-50));
    await insertQuarantine(store.db, 'hubspot', [{ text: '{}', reason: 'odd' }], at(-40));
    expect(await findingLines([hubspot({ HUBSPOT_CLIENT_SECRET: 's' })], PUBLIC_URL)).toEqual([
      expect.stringContaining(`; the last event arrived at ${at(-50).toISOString()}`),
      'ok leadgrade inbox: 1 events wait, the oldest for 50 s',
      expect.stringContaining('warning leadgrade quarantine: 1 parts of webhooks could not be parsed'),
    ]);
  });
});
