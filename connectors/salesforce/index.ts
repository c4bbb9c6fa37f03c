// The Salesforce connector: start here. Implements src/crm/connector.ts over the REST and Bulk APIs, through jsforce.
import type { ChangeStream, CrmConnector } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import { createParts, type SalesforceOptions } from './parts.ts';
import { fetchLeads } from './people/fetch-leads.ts';
import { applySetup } from './setup/apply-setup.ts';
import { checkSetup, describeAccount } from './setup/check-setup.ts';
import { listAllRecords } from './streams/list-present.ts';
import { createStreams, probeStreams } from './streams/registry.ts';
import { createReceiver } from './webhook/receiver.ts';
import { createBulkWrites } from './write/bulk-writes.ts';
import { createScoreWriter, MAX_TEXT, WRITE_BATCH } from './write/write-scores.ts';

export { promptedSettings, settingsSchema, webhookInfo } from './http/settings.ts';

/** Ids in one query: as many as an address holds beside a usual mapping. */
const READ_BATCH = 200;

/** No call is made before the first method is used. */
export function create(options: SalesforceOptions): CrmConnector {
  const parts = createParts(options);
  const readers = createStreams(parts);
  const writeScores = createScoreWriter(parts);
  // What is under way when the connector closes ends with it.
  const closing = new AbortController();
  const withCloseSignal = (signal: AbortSignal) => AbortSignal.any([signal, closing.signal]);
  const { SALESFORCE_WEBHOOK_TOKEN: token, SALESFORCE_ORG_ID: orgId } = options.settings;
  const streams = new Set(readers.map(({ stream }) => stream.id));
  return {
    id: 'salesforce',
    name: 'Salesforce',
    streams: readers.map((reader) => reader.stream),
    batch: { read: READ_BATCH, write: WRITE_BATCH, links: READ_BATCH },
    maxTextLength: MAX_TEXT,
    mappedFields: Object.keys(options.mapping.fields),
    listChanges(stream: ChangeStream, cursor, signal) {
      const reader = readers.find((each) => each.stream.id === stream.id);
      if (reader === undefined) throw unknownStream(stream.id);
      return reader.read(cursor, withCloseSignal(signal));
    },
    fetchLeads: (refs, signal) => fetchLeads(parts, refs, withCloseSignal(signal)),
    probeStreams: (signal) => probeStreams(readers, withCloseSignal(signal)),
    listAllRecords: (after, signal) => listAllRecords(parts, after, withCloseSignal(signal)),
    writeScores: (patches, signal) => writeScores(patches, withCloseSignal(signal)),
    bulkWrites: createBulkWrites(parts, withCloseSignal),
    ...(token === undefined ? {} : { webhook: createReceiver({ token, orgId, streams }) }),
    checkSetup: (target, signal) => checkSetup({ ...parts, readers }, target, withCloseSignal(signal)),
    applySetup: (target, how, signal) => applySetup(parts, target, how, withCloseSignal(signal)),
    describeAccount: (signal) => describeAccount(parts, withCloseSignal(signal)),
    apiCallCount: () => parts.http.callsMade(),
    close: async () => closing.abort(new Error('the Salesforce connector was closed')),
  };
}

function unknownStream(id: string): ConnectorError {
  const message = `the mapping reads no stream "${id}" from Salesforce`;
  return new ConnectorError({ kind: 'invalid', crm: 'salesforce', message, code: 'UNKNOWN_STREAM' });
}
