// Marketing e-mails: what became of each, as events of a recipient. They know an address and a campaign, never a contact.
import type { SeedAttributes } from '../dataset/dataset.ts';
import { uuidOf } from './ids.ts';
import { DatedList } from './records/dated-list.ts';

const EMAIL_EVENTS = ['SENT', 'DELIVERED', 'OPEN', 'CLICK', 'BOUNCE', 'STATUSCHANGE'] as const;
type EmailEventType = (typeof EMAIL_EVENTS)[number];

interface EmailEvent {
  readonly id: string;
  readonly at: number;
  /** When HubSpot shows it. */
  readonly shownFrom: number;
  readonly type: EmailEventType;
  readonly recipient: string;
  readonly campaignId: number;
  /** What events of this type alone carry. */
  readonly more: Readonly<Record<string, unknown>>;
}

export interface EmailCampaign {
  readonly id: number;
  readonly name: string;
  readonly subject: string;
}

interface Happening {
  readonly recipient: string;
  readonly at: number;
  readonly shownFrom: number;
  readonly attributes: SeedAttributes;
}

type More = (attributes: SeedAttributes) => Readonly<Record<string, unknown>>;

// HubSpot marks what a machine opened or clicked (a privacy proxy, a link scanner) and shows it all the same.
const touched =
  (filteredEvent: boolean): More =>
  ({ url }) => ({ filteredEvent, userAgent: 'Mozilla/5.0', ...(url === undefined ? {} : { url: String(url) }) });

/** By canonical activity type, and `email_click_bot`: the event that HubSpot keeps of it. */
const EVENT_OF: Readonly<Record<string, { type: EmailEventType; more: More }>> = {
  email_delivered: { type: 'DELIVERED', more: () => ({ response: '250 OK', smtpId: null }) },
  email_open: { type: 'OPEN', more: touched(false) },
  email_open_bot: { type: 'OPEN', more: touched(true) },
  email_click: { type: 'CLICK', more: touched(false) },
  email_click_bot: { type: 'CLICK', more: touched(true) },
  email_bounce: {
    type: 'BOUNCE',
    more: ({ category }) => ({ category: String(category ?? 'UNKNOWN_USER'), status: '5.1.1', response: '550 5.1.1' }),
  },
  unsubscribe: {
    type: 'STATUSCHANGE',
    more: () => ({
      source: 'SOURCE_RECIPIENT',
      requestedBy: 'recipient',
      portalSubscriptionStatus: 'UNSUBSCRIBED',
      subscriptions: [],
      bounced: false,
    }),
  },
};

// A mail server answers a little after it was given the e-mail.
const SENT_BEFORE_MS = 2_000;
const FIRST_CAMPAIGN = 91_000_001;

export function isEmailEvent(type: string): boolean {
  return Object.hasOwn(EVENT_OF, type);
}

export class MarketingEmails {
  readonly events = new DatedList<EmailEvent>();
  readonly campaigns = new Map<number, EmailCampaign>();

  /** @param type one that `isEmailEvent` knows @returns the event's id */
  add(type: string, { recipient, at, shownFrom, attributes }: Happening): string {
    const kind = EVENT_OF[type];
    if (kind === undefined) throw new Error(`marketing e-mails have no event for "${type}"`);
    const campaignId = this.#campaign(String(attributes.email ?? 'Newsletter'), attributes.subject);
    const keep = (event: EmailEventType, when: number, more: EmailEvent['more']): string => {
      const id = uuidOf(`mail ${this.events.length} ${recipient} ${event}`);
      this.events.add({ id, at: when, shownFrom, type: event, recipient, campaignId, more });
      return id;
    };
    if (kind.type === 'DELIVERED' || kind.type === 'BOUNCE') keep('SENT', at - SENT_BEFORE_MS, {});
    return keep(kind.type, at, kind.more(attributes));
  }

  #campaign(name: string, subject: SeedAttributes[string] | undefined): number {
    const known = [...this.campaigns.values()].find((campaign) => campaign.name === name);
    if (known) return known.id;
    const id = FIRST_CAMPAIGN + this.campaigns.size;
    this.campaigns.set(id, { id, name, subject: String(subject ?? name) });
    return id;
  }
}
