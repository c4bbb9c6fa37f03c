// The Salesforce connector: start here. Implements src/crm/connector.ts over the REST and Bulk
// APIs, through jsforce.
import type { ChangeStream, CrmConnector } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import { createParts, type SalesforceOptions } from './parts.ts';
import { fetchLeads } from './people/fetch-leads.ts';
import { listAllRecords } from './people/list-all-records.ts';
import { recordKeys } from './record-keys.ts';
import { applySetup } from './setup/apply-setup.ts';
import { checkSetup } from './setup/check-setup.ts';
import { describeAccount } from './setup/describe-account.ts';
import { unreadableFields } from './setup/unreadable-fields.ts';
import { createStreams, probeStreams } from './streams/registry.ts';
import { createReceiver } from './webhook/receiver.ts';
import { createBulkWrites } from './write/bulk-writes.ts';
import { createScoreWriter, MAX_TEXT_LENGTH, WRITE_BATCH, WRITES_AT_ONCE } from './write/write-scores.ts';

export { promptedSettings, settingsSchema, webhookInfo } from './http/settings.ts';
export { modelProperty } from './setup/score-fields.ts';

/** IDs in one query: as many as fit into a URL with the fields of a usual mapping. */
const READ_BATCH = 200;

/** Creating the connector makes no API call. */
export function create(options: SalesforceOptions): CrmConnector {
  const parts = createParts(options);
  const readers = createStreams(parts);
  const writeScores = createScoreWriter(parts);
  // Closing the connector aborts the calls in progress.
  const closing = new AbortController();
  const withCloseSignal = (signal: AbortSignal) => AbortSignal.any([signal, closing.signal]);
  const { SALESFORCE_WEBHOOK_TOKEN: token, SALESFORCE_ORG_ID: orgId } = options.settings;
  const streams = new Set(readers.map(({ stream }) => stream.id));
  return {
    id: 'salesforce',
    name: 'Salesforce',
    streams: readers.map((reader) => reader.stream),
    batch: { read: READ_BATCH, write: WRITE_BATCH, writesAtOnce: WRITES_AT_ONCE, links: READ_BATCH },
    maxTextLength: MAX_TEXT_LENGTH,
    mappedFields: Object.keys(options.mapping.fields),
    recordKeys,
    listChanges(stream: ChangeStream, cursor, signal, setAside) {
      const reader = readers.find((candidate) => candidate.stream.id === stream.id);
      if (reader === undefined) throw unknownStreamError(stream.id);
      return reader.read(cursor, withCloseSignal(signal), setAside);
    },
    async *reconcileStream(stream: ChangeStream, request, signal) {
      const reader = readers.find((candidate) => candidate.stream.id === stream.id);
      if (reader === undefined) throw unknownStreamError(stream.id);
      yield* reader.reconcile?.(request, withCloseSignal(signal)) ?? [];
    },
    fetchLeads: (refs, signal) => fetchLeads(parts, refs, withCloseSignal(signal)),
    probeStreams: (signal) => probeStreams(readers, withCloseSignal(signal)),
    listAllRecords: (after, signal) => listAllRecords(parts, after, withCloseSignal(signal)),
    unreadableFields: (signal) => unreadableFields(parts, withCloseSignal(signal)),
    writeScores: (patches, signal) => writeScores(patches, withCloseSignal(signal)),
    bulkWrites: createBulkWrites(parts, withCloseSignal),
    ...(token === undefined ? {} : { webhook: createReceiver({ token, orgId, streams }) }),
    checkSetup: (target, signal) => checkSetup({ ...parts, readers }, target, withCloseSignal(signal)),
    applySetup: (target, setupOptions, signal) => applySetup(parts, target, setupOptions, withCloseSignal(signal)),
    describeAccount: (signal) => describeAccount(parts, withCloseSignal(signal)),
    apiCallCount: () => parts.http.apiCallCount(),
    close: async () => closing.abort(new Error('the Salesforce connector was closed')),
  };
}

function unknownStreamError(id: string): ConnectorError {
  const message = `the mapping does not read a Salesforce stream "${id}"`;
  return new ConnectorError({ kind: 'invalid', crm: 'salesforce', message, code: 'UNKNOWN_STREAM' });
}
