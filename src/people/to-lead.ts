// Combines the records of a person in several CRMs into one lead for scoring. Pure.
import type { RecordLink } from '../domain/crm-changes.ts';
import { type Activity, type Fields, type FieldValue, type Lead, UNREADABLE } from '../domain/lead.ts';
import { SITE_NAME } from '../domain/site-event.ts';
import { uniqueActivities } from '../domain/unique-activities.ts';
import { isKnown } from '../mapping/project-fields.ts';
import type { AddTitleFields } from '../titles/read-title.ts';
import type { PeoplePolicy } from './people-policy.ts';
import type { AsReadable, UnreadableFields } from './unreadable-fields.ts';

export interface PersonRecord extends RecordLink {
  readonly fields: Fields;
}

/** The precedence of CRMs, and the availability of their activity types. */
export interface PeopleView {
  readonly policy: PeoplePolicy;
  /** By CRM, the activity types that are unavailable there. */
  readonly unobserved: ReadonlyMap<string, readonly string[]>;
  /** The fields that a CRM does not show any more. */
  readonly unreadable: UnreadableFields;
  /** Activity types that the team's own site reports: they are available for every person. */
  readonly siteActivityTypes: ReadonlySet<string>;
  /** Display names by CRM id. */
  readonly names: ReadonlyMap<string, string>;
  readonly addTitleFields: AddTitleFields;
}

interface PersonActivity extends Activity {
  readonly crm: string;
  /** Reported by the team's own site. It always counts, whichever CRM counts for its type. */
  readonly isFromSite: boolean;
}

interface Person {
  /** The lead's number, used for a person without a record. */
  readonly id: number;
  readonly records: readonly PersonRecord[];
  readonly activities: readonly PersonActivity[];
}

/** For a person in several CRMs, the lead names the CRM of each value and activity. */
export function toLead(person: AsReadable<Person>, view: PeopleView): Lead {
  const lead = combineRecords(person, view);
  const fields = view.addTitleFields(lead.fields);
  const titleFrom = lead.origins?.['contact.job_title'];
  if (titleFrom === undefined) return { ...lead, fields };
  const ofTitle = { 'contact.title_level': titleFrom, 'contact.title_department': titleFrom };
  return { ...lead, fields, origins: { ...ofTitle, ...lead.origins } };
}

function combineRecords({ id, records, activities }: Person, view: PeopleView): Lead {
  const inOrder = preferred(records, view.policy.prefer);
  const [first] = inOrder;
  const crms = [...new Set(inOrder.map(({ crm }) => crm))];
  const lead = { id: first === undefined ? String(id) : `${first.crm}:${first.id}` };
  if (crms.length < 2) {
    const unobserved = first === undefined ? [] : withoutSiteTypes(view.unobserved.get(first.crm) ?? [], view);
    const fields = records.length === 1 ? (first?.fields ?? {}) : chooseFields(inOrder, view).fields;
    // Two records of one CRM can have the same activity.
    return { ...lead, fields, activities: uniqueActivities(activities), unobserved };
  }
  const counts = countingCrms(crms, view);
  const counted = activities.filter(({ crm, type, isFromSite }) => isFromSite || counts(type).includes(crm));
  return {
    ...lead,
    ...chooseFields(inOrder, view),
    // Activity ids are unique within a CRM only.
    activities: uniqueActivities(
      counted.map((each) => {
        return { ...each, id: `${each.crm}/${each.id}`, origin: each.isFromSite ? SITE_NAME : nameOf(each.crm, view) };
      }),
    ),
    unobserved: withoutSiteTypes([...new Set(crms.flatMap((crm) => view.unobserved.get(crm) ?? []))], view).filter(
      (type) => counts(type).length === 0,
    ),
  };
}

function withoutSiteTypes(types: readonly string[], { siteActivityTypes }: PeopleView): readonly string[] {
  return types.filter((type) => !siteActivityTypes.has(type));
}

function nameOf(crm: string, { names }: PeopleView): string {
  return names.get(crm) ?? crm;
}

/** Sorts by the CRM's rank in `order` (a CRM not in it comes last), then by object and id. */
export function preferred<T extends RecordLink>(records: readonly T[], order: readonly string[]): readonly T[] {
  const rank = (crm: string) => (order.includes(crm) ? order.indexOf(crm) : order.length);
  return records.toSorted(
    (a, b) => rank(a.crm) - rank(b.crm) || compare(a.crm, b.crm) || compare(a.object, b.object) || compare(a.id, b.id),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The first known value of each field: an unknown value never hides a known one. */
function chooseFields(
  records: readonly PersonRecord[],
  view: PeopleView,
): { readonly fields: Fields; readonly origins: Readonly<Record<string, string>> } {
  const { prefer, prefer_by_field } = view.policy;
  const fields: Record<string, FieldValue> = {};
  const origins: Record<string, string> = {};
  for (const field of new Set(records.flatMap((record) => Object.keys(record.fields)))) {
    const own = Object.hasOwn(prefer_by_field, field) ? prefer_by_field[field] : undefined;
    const order = own === undefined ? records : preferred(records, [...new Set([...own, ...prefer])]);
    const source = order.find((record) => isKnown(record.fields[field]));
    fields[field] = source?.fields[field] ?? unknownValue(field, records);
    if (source !== undefined) origins[field] = nameOf(source.crm, view);
  }
  return { fields, origins };
}

/** The records know no value. */
function unknownValue(field: string, records: readonly PersonRecord[]): FieldValue {
  return records.some((record) => record.fields[field] === UNREADABLE) ? UNREADABLE : null;
}

/**
 * Returns a function from an activity type to the person's CRMs whose activities count; empty = the
 * type is unavailable in all of them.
 */
function countingCrms(
  crms: readonly string[],
  { policy, unobserved }: PeopleView,
): (type: string) => readonly string[] {
  const cache = new Map<string, readonly string[]>();
  return (type) => {
    const cached = cache.get(type);
    if (cached !== undefined) return cached;
    const available = crms.filter((crm) => !(unobserved.get(crm) ?? []).includes(type));
    const source = Object.hasOwn(policy.activities, type) ? policy.activities[type] : undefined;
    const counting = source !== undefined && available.includes(source) ? [source] : available;
    cache.set(type, counting);
    return counting;
  };
}
