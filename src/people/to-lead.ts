// A person as it is scored: what its records in several CRMs say, made one lead. Pure.
import type { RecordLink } from '../domain/crm-changes.ts';
import type { Activity, Fields, FieldValue, Lead } from '../domain/lead.ts';
import { SITE_NAME } from '../domain/site-event.ts';
import { isKnown } from '../mapping/project-fields.ts';
import type { PeoplePolicy } from './people-policy.ts';

export interface PersonRecord extends RecordLink {
  readonly fields: Fields;
}

/** Whose word counts, and what there is to see. */
export interface PeopleView {
  readonly policy: PeoplePolicy;
  /** By CRM, the activity types that it does not let us see. */
  readonly unobserved: ReadonlyMap<string, readonly string[]>;
  /** Activity types that the team's own site gives: they are seen of everybody. */
  readonly fromSite: ReadonlySet<string>;
  /** Of the CRMs, as people write them. */
  readonly names: ReadonlyMap<string, string>;
}

interface PersonActivity extends Activity {
  readonly crm: string;
  /** The team's own site told it: it counts, whichever CRM's word counts for its type. */
  readonly fromSite: boolean;
}

interface Person {
  /** Its number, for one that has no record. */
  readonly id: number;
  readonly records: readonly PersonRecord[];
  readonly activities: readonly PersonActivity[];
}

/** Where the person is known to several CRMs, the lead says which one each value and activity comes from. */
export function toLead({ id, records, activities }: Person, view: PeopleView): Lead {
  const inOrder = preferred(records, view.policy.prefer);
  const [first] = inOrder;
  const crms = [...new Set(inOrder.map(({ crm }) => crm))];
  const lead = { id: first === undefined ? String(id) : `${first.crm}:${first.id}` };
  if (crms.length < 2) {
    const unobserved = first === undefined ? [] : notSeen(view.unobserved.get(first.crm) ?? [], view);
    const fields = records.length === 1 ? (first?.fields ?? {}) : chooseFields(inOrder, view).fields;
    return { ...lead, fields, activities, unobserved };
  }
  const counts = countingCrms(crms, view);
  const shown = activities.filter(({ crm, type, fromSite }) => fromSite || counts(type).includes(crm));
  return {
    ...lead,
    ...chooseFields(inOrder, view),
    // Ids are one CRM's own.
    activities: shown.map((each) => {
      return { ...each, id: `${each.crm}/${each.id}`, origin: each.fromSite ? SITE_NAME : nameOf(each.crm, view) };
    }),
    unobserved: notSeen([...new Set(crms.flatMap((crm) => view.unobserved.get(crm) ?? []))], view).filter(
      (type) => counts(type).length === 0,
    ),
  };
}

function notSeen(types: readonly string[], { fromSite }: PeopleView): readonly string[] {
  return types.filter((type) => !fromSite.has(type));
}

function nameOf(crm: string, { names }: PeopleView): string {
  return names.get(crm) ?? crm;
}

/** By the CRM's place in `order`; one that is not in it comes last. Within a CRM by object and id. */
function preferred<T extends RecordLink>(records: readonly T[], order: readonly string[]): readonly T[] {
  const place = (crm: string) => (order.includes(crm) ? order.indexOf(crm) : order.length);
  return records.toSorted(
    (a, b) =>
      place(a.crm) - place(b.crm) || compare(a.crm, b.crm) || compare(a.object, b.object) || compare(a.id, b.id),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Of each field the first known value: what one record does not know hides nothing that another does. */
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
    fields[field] = source?.fields[field] ?? null;
    if (source !== undefined) origins[field] = nameOf(source.crm, view);
  }
  return { fields, origins };
}

/** By activity type, the CRMs of the person whose activities count; none = nobody lets us see it. */
function countingCrms(
  crms: readonly string[],
  { policy, unobserved }: PeopleView,
): (type: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  return (type) => {
    const before = known.get(type);
    if (before !== undefined) return before;
    const showing = crms.filter((crm) => !(unobserved.get(crm) ?? []).includes(type));
    const source = Object.hasOwn(policy.activities, type) ? policy.activities[type] : undefined;
    const counting = source !== undefined && showing.includes(source) ? [source] : showing;
    known.set(type, counting);
    return counting;
  };
}
