// The events of marketing e-mails. An event has a recipient's address and a campaign, but no
// contact ID.
import type { SeedAttributes } from '../../dataset/dataset.ts';
import { uuidOf } from '../ids.ts';
import { DatedList } from '../records/dated-list.ts';

const EMAIL_EVENTS = ['SENT', 'DELIVERED', 'OPEN', 'CLICK', 'BOUNCE', 'STATUSCHANGE'] as const;
type EmailEventType = (typeof EMAIL_EVENTS)[number];

interface EmailEvent {
  readonly id: string;
  readonly at: number;
  /** When the API begins to return it (epoch ms). */
  readonly visibleFrom: number;
  readonly type: EmailEventType;
  readonly recipient: string;
  readonly campaignId: number;
  /** Fields of this event type only. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface EmailCampaign {
  readonly id: number;
  readonly name: string;
  readonly subject: string;
}

interface NewEmailEvent {
  readonly recipient: string;
  readonly at: number;
  readonly visibleFrom: number;
  readonly attributes: SeedAttributes;
}

type DetailsOf = (attributes: SeedAttributes) => Readonly<Record<string, unknown>>;

// HubSpot flags opens and clicks by machines (privacy proxies, link scanners) and still returns
// them.
const openOrClick =
  (filteredEvent: boolean): DetailsOf =>
  ({ url }) => ({ filteredEvent, userAgent: 'Mozilla/5.0', ...(url === undefined ? {} : { url: String(url) }) });

/** HubSpot's event by canonical activity type, and of `email_click_bot`. */
const EVENT_OF: Readonly<Record<string, { type: EmailEventType; detailsOf: DetailsOf }>> = {
  email_delivered: { type: 'DELIVERED', detailsOf: () => ({ response: '250 OK', smtpId: null }) },
  email_open: { type: 'OPEN', detailsOf: openOrClick(false) },
  email_open_bot: { type: 'OPEN', detailsOf: openOrClick(true) },
  email_click: { type: 'CLICK', detailsOf: openOrClick(false) },
  email_click_bot: { type: 'CLICK', detailsOf: openOrClick(true) },
  email_bounce: {
    type: 'BOUNCE',
    detailsOf: ({ category }) => ({
      category: String(category ?? 'UNKNOWN_USER'),
      status: '5.1.1',
      response: '550 5.1.1',
    }),
  },
  unsubscribe: {
    type: 'STATUSCHANGE',
    detailsOf: () => ({
      source: 'SOURCE_RECIPIENT',
      requestedBy: 'recipient',
      portalSubscriptionStatus: 'UNSUBSCRIBED',
      subscriptions: [],
      bounced: false,
    }),
  },
};

// The mail server responds a little after the e-mail was sent.
const SENT_BEFORE_MS = 2_000;
const FIRST_CAMPAIGN = 91_000_001;

export function isEmailEvent(type: string): boolean {
  return Object.hasOwn(EVENT_OF, type);
}

export class MarketingEmails {
  readonly events = new DatedList<EmailEvent>();
  readonly campaigns = new Map<number, EmailCampaign>();

  /** @param type one for which `isEmailEvent` is true @returns the event's ID */
  add(type: string, { recipient, at, visibleFrom, attributes }: NewEmailEvent): string {
    const kind = EVENT_OF[type];
    if (kind === undefined) throw new Error(`marketing e-mails have no event for "${type}"`);
    const campaignId = this.#campaign(String(attributes.email ?? 'Newsletter'), attributes.subject);
    const addEvent = (event: EmailEventType, eventAt: number, details: EmailEvent['details']): string => {
      const id = uuidOf(`mail ${this.events.length} ${recipient} ${event}`);
      this.events.add({ id, at: eventAt, visibleFrom, type: event, recipient, campaignId, details });
      return id;
    };
    if (kind.type === 'DELIVERED' || kind.type === 'BOUNCE') addEvent('SENT', at - SENT_BEFORE_MS, {});
    return addEvent(kind.type, at, kind.detailsOf(attributes));
  }

  #campaign(name: string, subject: SeedAttributes[string] | undefined): number {
    const existing = [...this.campaigns.values()].find((campaign) => campaign.name === name);
    if (existing) return existing.id;
    const id = FIRST_CAMPAIGN + this.campaigns.size;
    this.campaigns.set(id, { id, name, subject: String(subject ?? name) });
    return id;
  }
}
