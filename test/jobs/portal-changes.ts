// What people do in a small portal, in whatever order, as far as it is possible there; each change with the event that HubSpot sends of it.
import { z } from 'zod';
import { putSiteEvents } from '../../src/store/arrived-site-events.ts';
import type { TestProduct } from '../support/product.ts';

export const KINDS = [
  ...(['title', 'title', 'link', 'unlink', 'company', 'meet', 'meet', 'cancel', 'unmeet'] as const),
  ...(['delete', 'restore', 'restore', 'merge', 'demo'] as const),
];
export type Kind = (typeof KINDS)[number];

export interface Wish {
  readonly kind: Kind;
  /** Numbers of contacts (`p0` ...), companies or meetings, counted around. */
  readonly who: number;
  readonly other: number;
  readonly title: string;
}

export interface Change {
  /** Whose score it may change. */
  readonly touches: readonly string[];
  /** Null: HubSpot does not tell of it. */
  readonly event: Readonly<Record<string, unknown>> | null;
  /** Whether the event names what is there only once it has happened. */
  readonly isNew?: true;
  readonly happens: () => Promise<unknown>;
}

const idSchema = z.object({ id: z.string() });
const BARE = { objectId: undefined, propertyName: undefined, propertyValue: undefined };

/** @param companies their ids; of them only the first is edited */
export function portalChanges(product: TestProduct, contacts: readonly string[], companies: readonly string[]) {
  const states = new Map(contacts.map((id) => [id, 'live']));
  const meetings: { readonly id: string; readonly of: string; isThere: boolean }[] = [];
  let demos = 0;
  const { control } = product;
  const about = (subscriptionType: string, id: string, rest: object = {}) => {
    return { ...BARE, subscriptionType, objectId: Number(id), ...rest };
  };

  const link = (id: string, { kind, other }: Wish): Change => {
    const companyId = companies[other % companies.length] ?? '';
    const between = { fromObjectId: Number(id), toObjectId: Number(companyId), associationType: 'CONTACT_TO_COMPANY' };
    const associationRemoved = kind === 'unlink';
    return {
      touches: [id],
      event: { ...BARE, subscriptionType: 'contact.associationChange', ...between, associationRemoved },
      happens: () => control(associationRemoved ? 'DELETE' : 'PUT', 'associations', { contactId: id, companyId }),
    };
  };

  const meetingChange = ({ kind, other }: Wish): Change | null => {
    const there = meetings.filter(({ isThere }) => isThere);
    const meeting = there[other % Math.max(1, there.length)];
    if (meeting === undefined) return null;
    const [touches, typed, path] = [contacts, { objectTypeId: '0-47' }, `activities/meetings/${meeting.id}`];
    if (kind === 'unmeet') {
      meeting.isThere = false;
      const event = about('object.deletion', meeting.id, typed);
      return { touches, event, happens: () => control('DELETE', path) };
    }
    const properties = { hs_meeting_outcome: 'CANCELED' };
    const named = { ...typed, propertyName: 'hs_meeting_outcome', propertyValue: 'CANCELED' };
    const event = about('object.propertyChange', meeting.id, named);
    return { touches, event, happens: () => control('PATCH', path, { properties }) };
  };

  const companyChange = ({ other }: Wish): Change => {
    const id = companies[0] ?? '';
    const properties = { numberofemployees: String(1 + other * 60) };
    const event = about('company.propertyChange', id, { propertyName: 'numberofemployees' });
    return { touches: contacts, event, happens: () => control('PATCH', `companies/${id}`, { properties }) };
  };

  const meet = (id: string): Change => {
    const change = { event: about('object.creation', '0', { objectTypeId: '0-47' }) };
    const happens = async () => {
      const attributes = { title: 'Intro', outcome: 'COMPLETED' };
      const made = await control('POST', 'activities', { contactId: id, type: 'meeting', attributes });
      const meeting = { id: idSchema.parse(made).id, of: id, isThere: true };
      meetings.push(meeting);
      change.event = about('object.creation', meeting.id, { objectTypeId: '0-47' });
    };
    return {
      touches: [id],
      isNew: true,
      get event() {
        return change.event;
      },
      happens,
    };
  };

  const merge = (id: string, { other }: Wish): Change | null => {
    const into = contacts[other % contacts.length] ?? '';
    if (into === id || states.get(into) !== 'live') return null;
    states.set(id, 'merged');
    const merged = { primaryObjectId: Number(into), mergedObjectIds: [Number(id)], newObjectId: Number(into) };
    const event = { ...BARE, subscriptionType: 'contact.merge', ...merged };
    return { touches: [id, into], event, happens: () => control('POST', 'merge', { primaryId: into, mergedId: id }) };
  };

  const demo = (id: string): Change => {
    demos += 1;
    const [messageId, at] = [`demo-${demos}`, product.clock.now().getTime()];
    const person = { email: null, record: { crm: 'hubspot', id }, userKey: null, anonymousKey: null };
    const events = [{ ...person, messageId, at, type: 'form_submission', attributes: { form: 'Demo Requested' } }];
    const { db, clock } = product.context;
    const happens = async () => {
      // As sources do, twice.
      for (let time = 1; time <= 2; time++) {
        await putSiteEvents(db, { source: 'website', events, identities: [] }, clock.now());
      }
      await product.context.ring('intake', {});
    };
    return { touches: [id], event: null, happens };
  };

  const ofLive: Readonly<Partial<Record<Kind, (id: string, wish: Wish) => Change | null>>> = {
    title: (id, { title }) => ({
      touches: [id],
      event: about('contact.propertyChange', id, { propertyName: 'jobtitle', propertyValue: title }),
      happens: () => control('PATCH', `contacts/${id}`, { properties: { jobtitle: title } }),
    }),
    ...{ link, unlink: link, meet, merge, demo },
    delete: (id) => {
      states.set(id, 'deleted');
      return {
        touches: [id],
        event: about('contact.deletion', id),
        happens: () => control('DELETE', `contacts/${id}`),
      };
    },
  };

  return {
    /** Null: it cannot be done now. */
    change(wish: Wish): Change | null {
      if (wish.kind === 'company') return companyChange(wish);
      if (wish.kind === 'cancel' || wish.kind === 'unmeet') return meetingChange(wish);
      const id = contacts[wish.who % contacts.length] ?? '';
      if (wish.kind !== 'restore') return states.get(id) === 'live' ? (ofLive[wish.kind]?.(id, wish) ?? null) : null;
      const deleted = contacts.find((each) => states.get(each) === 'deleted');
      if (deleted === undefined) return null;
      states.set(deleted, 'live');
      const happens = () => control('POST', `contacts/${deleted}/restore`);
      return { touches: [deleted], event: about('contact.restore', deleted), happens };
    },
    demos: () => demos,
  };
}
