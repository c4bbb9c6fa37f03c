// What the team's own site or product tells of somebody: types only. The door makes them, the store keeps them.
import type { Activity, Fields } from './lead.ts';

export const SITE_EVENT_KINDS = ['track', 'page', 'screen', 'identify'] as const;
export type SiteEventKind = (typeof SITE_EVENT_KINDS)[number];

/** How their activities stand in the ledger, beside the streams of the CRM. */
export const SITE_EVENTS_STREAM = 'events';

/** As people read it in a reason. */
export const SITE_NAME = 'your site';

/** Whom a message is about, as far as it says so itself. */
export interface SitePerson {
  /** In lower case. */
  readonly email: string | null;
  readonly record: { readonly crm: string; readonly id: string } | null;
  /** What stands for the source's own user id, and for its anonymous one. */
  readonly userKey: string | null;
  readonly anonymousKey: string | null;
}

/** One message, parsed. */
export interface SiteMessage extends SitePerson {
  readonly kind: SiteEventKind;
  /** The same for each delivery of one message; at most 200 characters. */
  readonly messageId: string;
  /** Epoch ms. */
  readonly at: number;
  /** What rules look at, flat: `event`, `properties.plan`, `traits.company.name`, `context.page.path`. */
  readonly properties: Fields;
}

/** What the mapping makes of a message; null: no rule fits it. */
export type SiteEventProjector = (message: SiteMessage) => Pick<Activity, 'type' | 'attributes'> | null;
