// The HubSpot app of an installation: its subscriptions follow from the mapping, its scopes from
// the connector, and a URL that HubSpot cannot reach is refused.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createContactMapping } from '../../../../connectors/hubspot/contacts/contact-mapping.ts';
import { DEAL_PROPERTIES } from '../../../../connectors/hubspot/contacts/deals.ts';
import { settingsSchema } from '../../../../connectors/hubspot/http/settings.ts';
import { createParts } from '../../../../connectors/hubspot/parts.ts';
import { type HubSpotAppParts, hubspotApp } from '../../../../connectors/hubspot/setup/app/project.ts';
import { createStreams } from '../../../../connectors/hubspot/streams/registry.ts';
import { FORM_PROPERTY } from '../../../../connectors/hubspot/webhook/events.ts';
import { objectType } from '../../../../connectors/hubspot/webhook/object-types.ts';
import { relevantProperties } from '../../../../connectors/hubspot/webhook/relevant-properties.ts';
import { ConnectorError } from '../../../../src/crm/connector-error.ts';
import { type Mapping, readMapping } from '../../../../src/mapping/mapping.ts';
import { createMemoryLimiter } from '../../../support/memory-limiter.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const WEBHOOKS = 'src/app/webhooks/webhooks-hsmeta.json';
const APP = 'src/app/app-hsmeta.json';

async function shipped(): Promise<string> {
  return await readFile(join(ROOT, 'mappings/hubspot.yaml'), 'utf8');
}

function mappingOf(text: string): Mapping {
  const { mapping, problems } = readMapping(text, 'hubspot.yaml');
  if (mapping === null) throw new Error(JSON.stringify(problems));
  return mapping;
}

const SMALL = `
crm: hubspot
fields:
  contact.email: { from: contacts.email }
  contact.job_title: { from: [contacts.jobtitle, contacts.hs_lastmodifieddate, contacts.leadgrade_model] }
write_back: { fit_grade: our_grade, model: leadgrade_model }
`;

const DEFAULTS = { url: 'https://leads.acme.io', name: 'Leadgrade', without: new Set<string>(), formsAtOnce: false };

const appOf = (mapping: Mapping, parts: Partial<HubSpotAppParts> = {}) =>
  hubspotApp({ ...DEFAULTS, mapping, ...parts });

const webhooksSchema = z.strictObject({
  uid: z.string(),
  type: z.literal('webhooks'),
  config: z.strictObject({
    settings: z.strictObject({ targetUrl: z.url(), maxConcurrentRequests: z.literal(10) }),
    subscriptions: z.strictObject({
      crmObjects: z.array(
        z.strictObject({
          subscriptionType: z.string().regex(/^object\.\w+$/),
          objectType: z.string(),
          propertyName: z.string().optional(),
          active: z.literal(true),
        }),
      ),
      legacyCrmObjects: z.array(z.never()),
      hubEvents: z.array(z.strictObject({ subscriptionType: z.string(), active: z.literal(true) })),
    }),
  }),
});
const scopesSchema = z.object({
  config: z.object({
    name: z.string(),
    distribution: z.literal('private'),
    auth: z.object({
      type: z.literal('static'),
      requiredScopes: z.array(z.string()),
      optionalScopes: z.array(z.never()),
    }),
    support: z.object({ supportEmail: z.string() }).optional(),
  }),
});

function webhooksIn(app: ReturnType<typeof hubspotApp>) {
  return webhooksSchema.parse(JSON.parse(app.files.get(WEBHOOKS) ?? '')).config;
}

function appIn(app: ReturnType<typeof hubspotApp>) {
  return scopesSchema.parse(JSON.parse(app.files.get(APP) ?? '')).config;
}

/** `contact.email` for a property, `contact/merge` for another event. */
function subscribed(app: ReturnType<typeof hubspotApp>): readonly string[] {
  return webhooksIn(app).subscriptions.crmObjects.map(({ subscriptionType, objectType, propertyName }) => {
    const event = subscriptionType.replace('object.', '');
    return propertyName === undefined ? `${objectType}/${event}` : `${objectType}.${propertyName}`;
  });
}

/** The scopes in the connector's own fixes for the streams of a mapping. */
function scopesOfStreams(mapping: Mapping): readonly string[] {
  const clock = { now: () => new Date(0) };
  const settings = settingsSchema.parse({ HUBSPOT_ACCESS_TOKEN: 'token' });
  const parts = createParts({ settings, mapping, limiter: createMemoryLimiter(), clock });
  const fixes = createStreams(parts).map(({ access }) => access.fix ?? '');
  return [...new Set(fixes.flatMap((fix) => /the scope ([\w.-]+)/.exec(fix)?.[1] ?? []))];
}

describe('the HubSpot app of the shipped mapping', () => {
  test('sends webhooks to PUBLIC_URL, privacy deletions included', async () => {
    const { settings, subscriptions } = webhooksIn(
      appOf(mappingOf(await shipped()), { url: 'https://leads.acme.io:8443' }),
    );
    expect(settings.targetUrl).toBe('https://leads.acme.io:8443/webhooks/hubspot');
    expect(subscriptions.hubEvents).toEqual([{ subscriptionType: 'contact.privacyDeletion', active: true }]);
  });

  test('requires every scope that the connector checks, and those of writing', async () => {
    const mapping = mappingOf(await shipped());
    const { requiredScopes } = appIn(appOf(mapping)).auth;
    const writing = ['oauth', 'crm.objects.contacts.write', 'crm.schemas.contacts.read', 'crm.schemas.contacts.write'];
    expect(requiredScopes.toSorted()).toEqual([...writing, ...scopesOfStreams(mapping)].toSorted());
  });

  test('requires the scope of marketing events if a rule reads them', async () => {
    const rule = '- { from: marketing_events, type: event_attended, at: occurredAt }';
    const mapping = mappingOf((await shipped()).replace(/^activities:$/m, `activities:\n  ${rule}`));
    expect(appIn(appOf(mapping)).auth.requiredScopes).toContain('crm.objects.marketing_events.read');
    expect(scopesOfStreams(mapping)).toContain('crm.objects.marketing_events.read');
  });

  test('subscribes to each contact property that is read, or gives a reason', async () => {
    const mapping = mappingOf(await shipped());
    const app = appOf(mapping);
    const read = createContactMapping(mapping).contactProperties;
    // The date of a stage changes with the stage, merged IDs and addresses with a merge; the others are not
    // fields.
    const exempt =
      /^(hs_lifecyclestage_.*_date|hs_merged_object_ids|hs_additional_emails|lastmodifieddate|leadgrade_.*)$/;
    const covered = new Set([
      ...subscribed(app).flatMap((name) => /^contact\.(.*)/.exec(name)?.[1] ?? []),
      ...app.unsubscribed.map(({ property }) => property),
    ]);
    expect(read.filter((property) => !covered.has(property) && !exempt.test(property))).toEqual([]);
  });

  test('subscribes to the lifecycle stage even if only the outcomes read it', async () => {
    const text = (await shipped()).replace(/^ {2}contact\.lifecycle:.*$/m, '');
    const mapping = mappingOf(text);
    expect(createContactMapping(mapping).contactProperties).toContain('lifecyclestage');
    expect(subscribed(appOf(mapping))).toContain('contact.lifecyclestage');
    expect(subscribed(appOf(mappingOf(SMALL)))).not.toContain('contact.lifecyclestage');
  });

  test('subscribes to each deal property that is read, or gives a reason', async () => {
    const app = appOf(mappingOf(await shipped()));
    const covered = [
      ...subscribed(app).flatMap((name) => /^deal\.(.*)/.exec(name)?.[1] ?? []),
      ...app.unsubscribed.flatMap(({ object, property }) => (object === 'deals' ? [property] : [])),
    ];
    expect(covered.toSorted()).toEqual(DEAL_PROPERTIES.toSorted());
  });

  test('has no subscription whose events the receiver ignores', async () => {
    const mapping = mappingOf(await shipped());
    const { byObject, own } = relevantProperties(mapping, createContactMapping(mapping));
    const ignored = webhooksIn(appOf(mapping)).subscriptions.crmObjects.filter((subscription) => {
      const type = objectType(subscription.objectType);
      const { propertyName } = subscription;
      const isRelevant = propertyName === undefined || (byObject.get(type ?? '')?.has(propertyName) ?? true);
      return !type || !isRelevant || own.has(propertyName ?? '');
    });
    expect(ignored).toEqual([]);
  });

  test('has each subscription once, including meetings, calls, e-mails, companies and deals', async () => {
    const all = subscribed(appOf(mappingOf(await shipped())));
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual(
      expect.arrayContaining([
        ...['creation', 'deletion', 'merge', 'restore', 'associationChange'].map((event) => `contact/${event}`),
        ...['company.numberofemployees', 'company/merge', 'deal.dealstage', 'deal/associationChange'],
        ...['meeting_event/creation', 'meeting_event.hs_meeting_outcome', 'call.hs_call_duration', 'email/creation'],
      ]),
    );
    expect(all.filter((name) => /^(note|task)\b/.test(name))).toEqual([]);
  });
});

describe('the subscriptions of the HubSpot app', () => {
  test('leave out our own fields and properties without events', () => {
    const app = appOf(mappingOf(SMALL));
    expect(subscribed(app).filter((name) => name.includes('.'))).toEqual(['contact.email', 'contact.jobtitle']);
    expect(app.unsubscribed).toEqual([
      { object: 'contacts', property: 'hs_lastmodifieddate', reason: 'HubSpot accepts no subscription for it' },
    ]);
  });

  test('leave out companies and deals, with their scopes, if the mapping reads none', () => {
    const app = appOf(mappingOf(SMALL));
    expect(subscribed(app).filter((name) => !name.startsWith('contact'))).toEqual([]);
    expect(appIn(app).auth.requiredScopes.filter((scope) => /companies|deals|forms|lists/.test(scope))).toEqual([]);
  });

  test('leave out the objects of a scope that is left out', async () => {
    const app = appOf(mappingOf(await shipped()), { without: new Set(['sales-email-read', 'crm.objects.deals.read']) });
    expect(subscribed(app).filter((name) => /^(email|deal)\b/.test(name))).toEqual([]);
    expect(subscribed(app)).toContain('contact.email');
    expect(appIn(app).auth.requiredScopes).not.toContain('sales-email-read');
  });

  test('include the form property only if a workflow sets it', () => {
    const subscribedWith = (formsAtOnce: boolean) => subscribed(appOf(mappingOf(SMALL), { formsAtOnce }));
    expect(subscribedWith(false)).not.toContain(`contact.${FORM_PROPERTY}`);
    expect(subscribedWith(true)).toContain(`contact.${FORM_PROPERTY}`);
  });

  test('are refused with their number if there are more than 1,000', () => {
    const properties = (count: number) => Array.from({ length: count }, (_, index) => `contacts.p${index}`).join(', ');
    const mapping = (count: number) =>
      mappingOf(`{ crm: hubspot, fields: { contact.email: { from: [${properties(count)}] } }, write_back: {} }`);
    expect(appOf(mapping(994)).subscriptions).toBe(1000);
    expect(() => appOf(mapping(995))).toThrow(/needs 1001 webhook subscriptions; HubSpot allows 1000 per app/);
  });
});

describe('a PUBLIC_URL for the HubSpot app', () => {
  test.each([
    ['is missing', undefined, /is not set/],
    ['is not encrypted', 'http://leads.acme.io', /starts with http:/],
    ['is this machine by name', 'https://localhost:3000', /has the host localhost/],
    ['is this machine', 'https://127.8.0.1', /only this machine or network/],
    ['is this machine by IPv6', 'https://[::1]:3000', /only this machine or network/],
    ['is this machine by IPv4 in IPv6', 'https://[::ffff:127.0.0.1]', /only this machine or network/],
    ['is in a private network', 'https://192.168.4.2', /only this machine or network/],
    ['is a name of a private network', 'https://leads.local', /only this machine or network/],
  ])('that %s is refused with a fix', (_what, url, message) => {
    const error = thrownBy(() => appOf(mappingOf(SMALL), { url }));
    expect(error).toMatchObject({ kind: 'configuration', message: expect.stringMatching(message) });
    expect(error.fix).toContain('PUBLIC_URL=https://leadgrade.example.com');
  });
});

function thrownBy(make: () => unknown): ConnectorError {
  try {
    make();
  } catch (error) {
    if (error instanceof ConnectorError) return error;
  }
  throw new Error('No ConnectorError was thrown.');
}
