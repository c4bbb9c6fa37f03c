// Events of the team's own site or product. Types only: the `/events` endpoint parses messages, the
// store saves them.
import type { Activity, Fields } from './lead.ts';

export const SITE_EVENT_KINDS = ['track', 'page', 'screen', 'identify'] as const;
export type SiteEventKind = (typeof SITE_EVENT_KINDS)[number];

/** The stream id of site activities, beside the streams of the CRM. */
export const SITE_EVENTS_STREAM = 'events';

/** The site's own events in the place of a CRM, where something of them is set aside. */
export const SITE = 'site';

/** The name of the source in an explanation. */
export const SITE_NAME = 'your site';

/** The person that a message is about, as identified by the message itself. */
export interface SitePerson {
  /** In lower case. */
  readonly email: string | null;
  readonly record: { readonly crm: string; readonly id: string } | null;
  /** Keys derived from the source's user id and anonymous id. */
  readonly userKey: string | null;
  readonly anonymousKey: string | null;
}

/** A parsed message. */
export interface SiteMessage extends SitePerson {
  readonly kind: SiteEventKind;
  /** Identical for every delivery of one message; at most 200 characters. */
  readonly messageId: string;
  /** Epoch ms. */
  readonly at: number;
  /**
   * Flat properties for the mapping's rules: `event`, `properties.plan`, `traits.company.name`,
   * `context.page.path`.
   */
  readonly properties: Fields;
}

/** Maps a message to an activity; null: no rule matches. */
export type SiteEventProjector = (message: SiteMessage) => Pick<Activity, 'type' | 'attributes'> | null;
