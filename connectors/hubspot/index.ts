// The HubSpot connector: start here. Implements src/crm/connector.ts over HubSpot's dated APIs.

import type { ChangeStream, CrmConnector } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import { NOTHING_SET_ASIDE } from '../kit/stream-parts.ts';
import { dateCounterEvents } from './contacts/date-counters.ts';
import { fetchLeads } from './contacts/fetch-leads.ts';
import { createRecordListing } from './contacts/list-all-records.ts';
import { reconcileLinks } from './contacts/reconcile-links.ts';
import { bucketSize } from './http/rate-limits.ts';
import { LINK_BATCH } from './objects/links.ts';
import { HISTORY_BATCH, READ_BATCH } from './objects/object-reads.ts';
import { createParts, type HubSpotOptions, type HubSpotParts } from './parts.ts';
import { changedSince } from './reconcile/changed-since.ts';
import { recordKeys } from './record-keys.ts';
import { applySetup } from './setup/apply-setup.ts';
import { probeStreams } from './setup/check-access.ts';
import { checkSetup } from './setup/check-setup.ts';
import { describeAccount } from './setup/describe-account.ts';
import { unreadableFields } from './setup/unreadable-fields.ts';
import { withStreamFailures } from './streams/part-reader.ts';
import { readItems } from './streams/read-items.ts';
import { createStreams } from './streams/registry.ts';
import { createReceiver } from './webhook/receiver.ts';
import { relevantProperties } from './webhook/relevant-properties.ts';
import { MAX_TEXT_LENGTH, WRITE_BATCH, WRITES_AT_ONCE, writeScores } from './write/write-scores.ts';

export { promptedSettings, settingsSchema, webhookInfo } from './http/settings.ts';
export { modelProperty } from './setup/score-properties.ts';

/** Creating the connector makes no API call. */
export function create(options: HubSpotOptions): CrmConnector {
  const parts = createParts(options);
  const readers = createStreams(parts);
  const streams = readers.map((reader) => reader.stream);
  const listAllRecords = createRecordListing(parts);
  const ids = streams.map(({ id }) => id);
  // Closing the connector aborts the calls in progress.
  const closing = new AbortController();
  const withCloseSignal = (signal: AbortSignal) => AbortSignal.any([signal, closing.signal]);
  return {
    id: 'hubspot',
    name: 'HubSpot',
    streams,
    batch: {
      read: READ_BATCH,
      write: WRITE_BATCH,
      writesAtOnce: WRITES_AT_ONCE,
      links: LINK_BATCH,
      counters: HISTORY_BATCH,
    },
    callsPerSecond: bucketSize().perSecond,
    maxTextLength: MAX_TEXT_LENGTH,
    mappedFields: Object.keys(options.mapping.fields),
    recordKeys,
    listChanges(stream: ChangeStream, cursor, signal, setAside = NOTHING_SET_ASIDE) {
      const reader = readers.find((candidate) => candidate.stream.id === stream.id);
      if (reader === undefined) throw unknownStreamError(stream.id);
      const anySignal = withCloseSignal(signal);
      const pages = reader.read(cursor, anySignal, setAside);
      // Without contacts there is nothing to score, so their failure is one of the whole CRM.
      return stream.listsObject === undefined ? withStreamFailures(parts.http, pages, anySignal) : pages;
    },
    async *reconcileStream(stream: ChangeStream, request, signal) {
      const reader = readers.find((candidate) => candidate.stream.id === stream.id);
      if (reader === undefined) throw unknownStreamError(stream.id);
      const whileOpen = withCloseSignal(signal);
      if (reader.reconcile !== undefined) yield* reader.reconcile(request, whileOpen);
      else if (stream.readableById) yield* changedSince(reader, request, whileOpen);
    },
    fetchLeads: (refs, signal) => fetchLeads(parts, refs, withCloseSignal(signal)),
    probeStreams: (signal) => probeStreams({ ...parts, readers }, withCloseSignal(signal)),
    readItems: async (stream, itemIds, signal) => {
      if (!ids.includes(stream)) throw unknownStreamError(stream);
      return await readItems(parts, stream, itemIds, withCloseSignal(signal));
    },
    reconcileLinks: (known, signal) => reconcileLinks(parts, ids, known, withCloseSignal(signal)),
    listAllRecords: (after, signal) => listAllRecords(after, withCloseSignal(signal)),
    dateCounterEvents: (changed, signal) => dateCounterEvents(parts, changed, withCloseSignal(signal)),
    unreadableFields: (signal) => unreadableFields(parts, withCloseSignal(signal)),
    writeScores: (patches, signal) => writeScores(parts, patches, withCloseSignal(signal)),
    ...webhookReceiver(options, parts, ids),
    checkSetup: (target, signal) => checkSetup({ ...parts, readers }, target, withCloseSignal(signal)),
    applySetup: (target, setupOptions, signal) => applySetup(parts, target, setupOptions, withCloseSignal(signal)),
    describeAccount: (signal) => describeAccount(parts.http, withCloseSignal(signal)),
    apiCallCount: () => parts.http.apiCallCount(),
    close: async () => closing.abort(new Error('the HubSpot connector was closed')),
  };
}

/**
 * Without the client secret no request can be verified, so there is no receiver and changes are
 * polled.
 */
function webhookReceiver(
  { settings, mapping }: HubSpotOptions,
  { contacts }: HubSpotParts,
  streams: readonly string[],
): Pick<CrmConnector, 'webhook'> {
  const { HUBSPOT_CLIENT_SECRET: secret, HUBSPOT_APP_ID: appId = null } = settings;
  if (secret === undefined) return {};
  const properties = relevantProperties(mapping, contacts);
  return { webhook: createReceiver(secret, { properties, streams: new Set(streams), appId }) };
}

function unknownStreamError(id: string): ConnectorError {
  const message = `the mapping does not read a HubSpot stream "${id}"`;
  return new ConnectorError({ kind: 'invalid', crm: 'hubspot', message, code: 'UNKNOWN_STREAM' });
}
