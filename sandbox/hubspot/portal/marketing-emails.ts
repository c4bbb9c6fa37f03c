// The events of marketing e-mails. An event has a recipient's address and a campaign, but no
// contact ID.
import type { SeedAttributes } from '../../dataset/dataset.ts';
import { uuidOf } from '../ids.ts';
import { DatedList } from '../records/dated-list.ts';

/** https://developers.hubspot.com/docs/api-reference/legacy/email-analytics-v1/guide */
export const EMAIL_EVENT_TYPES = [
  'SENT',
  'DROPPED',
  'PROCESSED',
  'DELIVERED',
  'DEFERRED',
  'BOUNCE',
  'OPEN',
  'CLICK',
  'PRINT',
  'FORWARD',
  'STATUSCHANGE',
  'SPAMREPORT',
  'UNBOUNCE',
  'SUPPRESSED',
] as const;
type EmailEventType = (typeof EMAIL_EVENT_TYPES)[number];

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

/** The recipient's subscriptions changed, or only the one to `list`. */
const statusChange =
  (source: string): DetailsOf =>
  ({ list }) => ({
    source,
    requestedBy: 'recipient',
    ...(list === undefined
      ? { portalSubscriptionStatus: 'UNSUBSCRIBED', subscriptions: [] }
      : { subscriptions: [{ id: Number(list), status: 'UNSUBSCRIBED' }] }),
    bounced: false,
  });

interface EmailEventKind {
  readonly type: EmailEventType;
  readonly detailsOf: DetailsOf;
  /** The events of sending the same e-mail come first. */
  readonly isSent?: true;
}

/** How long before the mail server's response (ms). */
const SENDING = [
  ['SENT', 2_000],
  ['PROCESSED', 1_000],
] as const;

/** HubSpot's event by canonical activity type, and of the types that no model reads. */
const EVENT_OF: Readonly<Record<string, EmailEventKind>> = {
  // HubSpot does not try to deliver it. The fields with the reason are not modeled.
  email_dropped: { type: 'DROPPED', detailsOf: () => ({}) },
  email_deferred: {
    type: 'DEFERRED',
    detailsOf: () => ({ response: '451 4.7.1 Try again later', attempt: 1 }),
    isSent: true,
  },
  email_print: { type: 'PRINT', detailsOf: () => ({}) },
  email_forward: { type: 'FORWARD', detailsOf: () => ({}) },
  email_spam_report: { type: 'SPAMREPORT', detailsOf: () => ({}) },
  email_unbounce: { type: 'UNBOUNCE', detailsOf: () => ({}) },
  email_delivered: {
    type: 'DELIVERED',
    detailsOf: () => ({ response: '250 OK', smtpId: null }),
    isSent: true,
  },
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
    isSent: true,
  },
  unsubscribe: { type: 'STATUSCHANGE', detailsOf: statusChange('SOURCE_RECIPIENT') },
};

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
    const common = { recipient, campaignId, visibleFrom };
    const addEvent = (event: EmailEventType, eventAt: number, details: EmailEvent['details']) => {
      const id = uuidOf(`mail ${this.events.length} ${recipient} ${event}`);
      this.events.add({ ...common, id, at: eventAt, type: event, details });
      return { id, created: eventAt };
    };
    let sentBy: object | undefined;
    for (const [before, lead] of kind.isSent ? SENDING : []) {
      const added = addEvent(before, at - lead, sentBy === undefined ? {} : { sentBy });
      sentBy ??= added;
    }
    return addEvent(kind.type, at, { ...(sentBy === undefined ? {} : { sentBy }), ...kind.detailsOf(attributes) }).id;
  }

  #campaign(name: string, subject: SeedAttributes[string] | undefined): number {
    const existing = [...this.campaigns.values()].find((campaign) => campaign.name === name);
    if (existing) return existing.id;
    const id = FIRST_CAMPAIGN + this.campaigns.size;
    this.campaigns.set(id, { id, name, subject: String(subject ?? name) });
    return id;
  }
}
