// Updates the counters that HubSpot keeps on a contact, on every tier: page views, sessions,
// conversions, marketing e-mails. Each count is a version in the property's history.

import { changeSourceOf } from '../records/change-source.ts';
import type { CrmRecord } from '../records/record-table.ts';
import { FORM_OF, findOrCreateForm, type NewActivity, pageAddressOf } from './activities.ts';
import type { Portal } from './portal.ts';

/** A session ends after 30 minutes without a page view. */
const SESSION_GAP_MS = 30 * 60_000;

const EMAIL_COUNTERS: Readonly<Record<string, string>> = {
  email_delivered: 'hs_email_delivered',
  email_open: 'hs_email_open',
  email_click: 'hs_email_click',
};

interface CountUpdate {
  readonly source: 'ANALYTICS' | 'CALCULATED' | 'EMAIL';
  /** Start of the session that a page view continues, epoch ms. */
  readonly session?: number;
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Counts one activity. HubSpot dates a count when it learns of the activity: one that arrives
 * behind a later one is dated now.
 * @param silently for counts from before the sandbox started: the contact's modification time does
 *   not change
 */
export function countActivity(portal: Portal, contactId: string, activity: NewActivity, silently: boolean): void {
  const contacts = portal.table('contacts');
  const contact = contacts.find(contactId);
  const update = contact === undefined ? null : countUpdateOf(portal, contact, activity);
  if (contact === undefined || update === null) return;
  const { session } = update;
  const by = changeSourceOf(update.source);
  const values = new Map([...update.values].filter(([name]) => portal.registry('contacts').get(name) !== undefined));
  if (silently) {
    // HubSpot wrote the views of a finished session as one version, with its last page.
    const amends = session === undefined ? {} : { amends: session };
    contacts.writeSilently(contact, values, Number.NEGATIVE_INFINITY, { at: activity.at, by, ...amends });
    return;
  }
  const latest = Math.max(...[...values.keys()].map((name) => contacts.history.changedAt(contact, name) ?? 0));
  const now = portal.clock.now();
  contacts.write(contact, values, now, portal.indexFrom(), { at: activity.at > latest ? activity.at : now, by });
}

function countUpdateOf(portal: Portal, contact: CrmRecord, activity: NewActivity): CountUpdate | null {
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
