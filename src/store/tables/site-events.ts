// Events of the team's own site or product.
import type { Fields } from '../../domain/lead.ts';
import type { Instant, Json } from './column-types.ts';

/**
 * Messages of `POST /events`. An assigned or erased one keeps only its key, so that a repeated
 * delivery changes nothing.
 */
export interface SiteEventsTable {
  /** The name of the write key. */
  source: string;
  message_id: string;
  /** The type of the activity that the mapping makes of the message. */
  type: string;
  attributes: Json<Fields>;
  at: Instant;
  received_at: Instant;
  /** The address that the message names, in lower case. */
  email_key: string | null;
  /** The CRM of the record that the message names. */
  crm: string | null;
  /** The id of the record that the message names. */
  record_id: string | null;
  /** Hash of the source's user id. */
  user_key: string | null;
  /** Hash of the source's anonymous id. */
  anonymous_key: string | null;
  /**
   * When its person is looked up next; null = not before an identity or a record arrives, or never
   * again.
   */
  next_match_at: Instant | null;
  /** When it became an activity of a lead, or was erased; null = it waits for its person. */
  assigned_at: Instant | null;
}

/** The persons behind the user ids of a source, from `identify` messages. */
export interface SiteIdentitiesTable {
  source: string;
  /** Hash of a user id or an anonymous id. */
  key: string;
  email_key: string | null;
  crm: string | null;
  record_id: string | null;
  /** Only for an anonymous id: the key of the user that it belongs to. */
  alias_of: string | null;
  /** When the message was sent. */
  at: Instant;
  received_at: Instant;
  /** Events that wait for this identity are still to be matched. */
  needs_rematch: boolean;
}

/**
 * Activity types that the site has sent at least once. From then on, they count as observed for all
 * leads.
 */
export interface SiteEventTypesTable {
  type: string;
  first_at: Instant;
}
