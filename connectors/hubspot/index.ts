// The HubSpot connector: start here. Implements src/crm/connector.ts over HubSpot's dated API.

import type { ChangeStream, CrmConnector, RetryOptions } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { RateLimiter } from '../../src/domain/rate-limiter.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { createActivityProjector } from '../../src/mapping/project-activities.ts';
import { contactRef, createContactMapping } from './contacts/contact-mapping.ts';
import { dateCounterEvents } from './contacts/date-counters.ts';
import { ENGAGEMENTS } from './contacts/engagements.ts';
import { fetchLeads } from './contacts/fetch-leads.ts';
import { reconcileLinks } from './contacts/reconcile-links.ts';
import { createHttp } from './http/client.ts';
import type { HubSpotSettings } from './http/settings.ts';
import { HISTORY_BATCH, LINK_BATCH, listPage, READ_BATCH } from './objects/object-reads.ts';
import { applySetup } from './setup/apply-setup.ts';
import { probeStreams } from './setup/check-access.ts';
import { checkSetup, describeAccount } from './setup/check-setup.ts';
import { readItems } from './streams/read-items.ts';
import { createStreams } from './streams/registry.ts';
import type { Reading } from './webhook/events.ts';
import { readProperties } from './webhook/read-properties.ts';
import { createReceiver } from './webhook/receiver.ts';
import { WRITE_BATCH, writeScores } from './write/write-scores.ts';

export { promptedSettings, settingsSchema, webhookInfo } from './http/settings.ts';

// HubSpot cuts text properties at 65,536 characters; a rep reads fewer.
const MAX_TEXT = 65_536;

export interface HubSpotOptions {
  readonly settings: HubSpotSettings;
  readonly mapping: Mapping;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  readonly patience?: RetryOptions;
}

/** No call is made before the first method is used. */
export function create({ settings, mapping, limiter, clock, patience }: HubSpotOptions): CrmConnector {
  const http = createHttp({ settings, limiter, clock, ...(patience === undefined ? {} : { patience }) });
  const contacts = createContactMapping(mapping);
  const toActivity = createActivityProjector(mapping);
  const parts = { http, clock, mapping, contacts, toActivity, formsEverySeconds: settings.HUBSPOT_FORMS_SECONDS };
  const readers = createStreams(parts);
  const streams = readers.map((reader) => reader.stream);
  const ids = streams.map(({ id }) => id);
  const compared = { engagements: ids.filter((id) => Object.hasOwn(ENGAGEMENTS, id)), deals: ids.includes('deals') };
  // What is under way when the connector closes ends with it.
  const closing = new AbortController();
  const withCloseSignal = (signal: AbortSignal) => AbortSignal.any([signal, closing.signal]);
  return {
    id: 'hubspot',
    name: 'HubSpot',
    streams,
    batch: { read: READ_BATCH, write: WRITE_BATCH, links: LINK_BATCH, counters: HISTORY_BATCH },
    maxTextLength: MAX_TEXT,
    mappedFields: Object.keys(mapping.fields),
    listChanges(stream: ChangeStream, cursor, signal) {
      const reader = readers.find((each) => each.stream.id === stream.id);
      if (reader === undefined) throw unknownStream(stream.id);
      return reader.read(cursor, withCloseSignal(signal));
    },
    fetchLeads: (refs, signal) => fetchLeads(parts, refs, withCloseSignal(signal)),
    probeStreams: (signal) => probeStreams({ http, readers }, withCloseSignal(signal)),
    readItems: async (stream, items, signal) => {
      if (!ids.includes(stream)) throw unknownStream(stream);
      return await readItems(parts, stream, items, withCloseSignal(signal));
    },
    reconcileLinks: (known, signal) => reconcileLinks(parts, compared, known, withCloseSignal(signal)),
    listAllRecords: async (after, signal) => {
      const request = { type: 'contacts', properties: ['hs_object_id'], after };
      const page = await listPage(http, request, withCloseSignal(signal));
      return { refs: page.records.map(({ id }) => contactRef(id)), after: page.after };
    },
    dateCounterEvents: (undated, signal) => dateCounterEvents(parts, undated, withCloseSignal(signal)),
    writeScores: (patches, signal) => writeScores(parts, patches, withCloseSignal(signal)),
    checkSetup: (target, signal) => checkSetup({ ...parts, readers }, target, withCloseSignal(signal)),
    applySetup: (target, options, signal) => applySetup(parts, target, options, withCloseSignal(signal)),
    ...webhookOf(settings, { properties: readProperties(mapping, contacts), streams: new Set(ids) }),
    describeAccount: (signal) => describeAccount(http, withCloseSignal(signal)),
    apiCallCount: () => http.callsMade(),
    close: async () => closing.abort(new Error('the HubSpot connector was closed')),
  };
}

/** Without the app's secret nobody could tell what is HubSpot's: changes are polled. */
function webhookOf(settings: HubSpotSettings, reading: Omit<Reading, 'appId'>): Pick<CrmConnector, 'webhook'> {
  const { HUBSPOT_CLIENT_SECRET: secret, HUBSPOT_APP_ID: appId = null } = settings;
  return secret === undefined ? {} : { webhook: createReceiver(secret, { ...reading, appId }) };
}

function unknownStream(id: string): ConnectorError {
  const message = `the mapping reads no stream "${id}" from HubSpot`;
  return new ConnectorError({ kind: 'invalid', crm: 'hubspot', message, code: 'UNKNOWN_STREAM' });
}
