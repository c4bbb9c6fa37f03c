// Webhook events between their arrival and their processing.
import type { Generated } from 'kysely';
import type { Priority } from '../../domain/priority.ts';
import type { Instant } from './column-types.ts';

/** Ids that webhooks named and that are not processed yet. It holds no personal data except ids. */
export interface InboxTable {
  seq: Generated<number>;
  crm: string;
  /** The CRM's id of the account that sent the event. */
  account: string;
  kind: 'record' | 'item' | 'erasure';
  /** The object of records; the stream of an item. */
  object_or_stream: string;
  /** All records of one request; one id for the other kinds. */
  ids: string[];
  /** Length of `ids`, generated. */
  id_count: Generated<number>;
  priority: Priority;
  received_at: Instant;
}

/**
 * Keys of received events, for deduplication. A key is purged when the CRM can no longer deliver
 * its event again.
 */
export interface ProcessedEventKeysTable {
  crm: string;
  /** A one-way hash of the event's key, as a UUID. */
  key: string;
  received_at: Instant;
}

/** Signed webhook parts that could not be parsed. */
export interface QuarantineTable {
  id: Generated<number>;
  crm: string;
  body_hash: string;
  body: string;
  /** Why it could not be parsed. */
  reason: string;
  received_at: Instant;
}
