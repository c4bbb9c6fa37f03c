// What HubSpot counts on a contact when a person did something, in every subscription: page views, sessions, conversions,
// marketing e-mails. Each count is a version in the property's history.
import { FORM_OF, findOrCreateForm, type NewActivity, pageAddressOf } from './activities.ts';
import type { Portal } from './portal.ts';
import type { CrmRecord } from './records/record-table.ts';

/** A session ends after half an hour without a view. */
const SESSION_GAP_MS = 30 * 60_000;

const EMAIL_COUNTERS: Readonly<Record<string, string>> = {
  email_delivered: 'hs_email_delivered',
  email_open: 'hs_email_open',
  email_click: 'hs_email_click',
};

interface Counted {
  readonly source: 'ANALYTICS' | 'CALCULATED' | 'EMAIL';
  /** When the session began that it belongs to. */
  readonly session?: number;
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Counts one activity. HubSpot writes a count when it learns of it: one that is told of late, behind a later one, is dated now.
 * @param silently what was counted before the sandbox began has moved no modification time since
 */
export function countActivity(portal: Portal, contactId: string, activity: NewActivity, silently: boolean): void {
  const contacts = portal.table('contacts');
  const contact = contacts.find(contactId);
  const counted = contact === undefined ? null : countedBy(portal, contact, activity);
  if (contact === undefined || counted === null) return;
  const { source, session } = counted;
  const values = new Map([...counted.values].filter(([name]) => portal.registry('contacts').get(name) !== undefined));
  if (silently) {
    // The views of a session that is over were written together, with the last of its pages.
    const amends = session === undefined ? {} : { amends: session };
    contacts.writeSilently(contact, values, Number.NEGATIVE_INFINITY, { at: activity.at, source, ...amends });
    return;
  }
  const latest = Math.max(...[...values.keys()].map((name) => contacts.history.changedAt(contact, name) ?? 0));
  const now = portal.clock.now();
  contacts.write(contact, values, now, portal.indexFrom(), { at: activity.at > latest ? activity.at : now, source });
}

function countedBy(portal: Portal, contact: CrmRecord, activity: NewActivity): Counted | null {
  const next = (name: string) => String(Number(contact.properties.get(name) ?? 0) + 1);
  const counter = EMAIL_COUNTERS[activity.type];
  if (counter !== undefined) return { source: 'EMAIL', values: new Map([[counter, next(counter)]]) };
  if (activity.type === 'page_view') {
    const lastSeen = Date.parse(contact.properties.get('hs_analytics_last_timestamp') ?? '');
    const isNewSession = !(Math.abs(activity.at - lastSeen) <= SESSION_GAP_MS);
    const values = new Map([
      ['hs_analytics_num_page_views', next('hs_analytics_num_page_views')],
      ['hs_analytics_last_url', pageAddressOf(activity)],
      ['hs_analytics_last_timestamp', new Date(activity.at).toISOString()],
    ]);
    if (!isNewSession) {
      const began = Date.parse(contact.properties.get('hs_analytics_last_visit_timestamp') ?? '');
      return { source: 'ANALYTICS', values, session: Number.isNaN(began) ? activity.at : began };
    }
    values.set('hs_analytics_num_visits', next('hs_analytics_num_visits'));
    values.set('hs_analytics_last_visit_timestamp', new Date(activity.at).toISOString());
    return { source: 'ANALYTICS', values };
  }
  const form = FORM_OF[activity.type]?.(activity.attributes);
  if (form === undefined || !contact.properties.has('email')) return null;
  const values = new Map([
    ['num_conversion_events', next('num_conversion_events')],
    [
      'recent_conversion_event_name',
      `Leadgrade: scoring that sales trusts: ${findOrCreateForm(portal, form, activity.at).name}`,
    ],
    ['recent_conversion_date', new Date(activity.at).toISOString()],
  ]);
  return { source: 'CALCULATED', values };
}
