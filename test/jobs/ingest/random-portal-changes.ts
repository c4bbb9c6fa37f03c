// What people do in a small portal, in whatever order, as far as it is possible there; each change with the events that HubSpot sends of it.
import { z } from 'zod';
import { type NewSiteEvent, saveSiteEvents } from '../../../src/store/site-events/save-site-events.ts';
import { MEETING_TITLE } from '../../support/meeting-model.ts';
import type { TestProduct } from '../../support/product.ts';
import type { RunningProduct } from '../../support/running-product.ts';

export const KINDS = [
  ...(['title', 'title', 'link', 'unlink', 'company', 'meet', 'meet', 'cancel', 'unmeet'] as const),
  ...(['delete', 'restore', 'restore', 'merge', 'demo', 'demo', 'create', 'erase'] as const),
];
export type Kind = (typeof KINDS)[number];

export interface ChangeRequest {
  readonly kind: Kind;
  /** Numbers of contacts, companies or meetings, counted around. */
  readonly who: number;
  readonly other: number;
  readonly title: string;
}

export interface Change {
  /** Whose score it may change. */
  readonly touches: readonly string[];
  /** None: HubSpot does not tell of it. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
  /** Whether the events name what is there only once it has happened. */
  readonly isNew?: true;
  readonly happens: () => Promise<unknown>;
}

const idSchema = z.object({ id: z.string() });
const BARE = { objectId: undefined, propertyName: undefined, propertyValue: undefined };

/** As a source sends it, once. */
export async function sendDemoRequest({ context, clock }: RunningProduct, demo: NewSiteEvent): Promise<void> {
  await saveSiteEvents(context.db, { source: 'website', events: [demo], identities: [] }, clock.now());
  await context.enqueue('match-site-events', {});
}

/**
 * @param begin ids of the contacts that are there
 * @param companies their ids; of them only the first is edited
 */
export function portalChanges(product: TestProduct, begin: readonly string[], companies: readonly string[]) {
  const contacts = [...begin];
  const gone = new Map<string, 'deleted' | 'merged' | 'erased'>();
  const mergedInto = new Map<string, string>();
  const meetings: { readonly id: string; isThere: boolean }[] = [];
  const demos: NewSiteEvent[] = [];
  const { control } = product;
  const about = (subscriptionType: string, id: string, rest: object = {}) => {
    return { ...BARE, subscriptionType, objectId: Number(id), ...rest };
  };
  const linked = (id: string, companyId: string, associationRemoved: boolean) => {
    const between = { fromObjectId: Number(id), toObjectId: Number(companyId), associationType: 'CONTACT_TO_COMPANY' };
    return { ...BARE, subscriptionType: 'contact.associationChange', ...between, associationRemoved };
  };

  const link = (id: string, { kind, other }: ChangeRequest): Change => {
    const companyId = companies[other % companies.length] ?? '';
    const isRemoved = kind === 'unlink';
    return {
      touches: [id],
      events: [linked(id, companyId, isRemoved)],
      happens: () => control(isRemoved ? 'DELETE' : 'PUT', 'associations', { contactId: id, companyId }),
    };
  };

  const meetingChange = ({ kind, other }: ChangeRequest): Change | null => {
    const there = meetings.filter(({ isThere }) => isThere);
    const meeting = there[other % Math.max(1, there.length)];
    if (meeting === undefined) return null;
    const [touches, typed, path] = [[...contacts], { objectTypeId: '0-47' }, `activities/meetings/${meeting.id}`];
    if (kind === 'unmeet') {
      meeting.isThere = false;
      const events = [about('object.deletion', meeting.id, typed)];
      return { touches, events, happens: () => control('DELETE', path) };
    }
    const properties = { hs_meeting_outcome: 'CANCELED' };
    const named = { ...typed, propertyName: 'hs_meeting_outcome', propertyValue: 'CANCELED' };
    const events = [about('object.propertyChange', meeting.id, named)];
    return { touches, events, happens: () => control('PATCH', path, { properties }) };
  };

  const companyChange = ({ other }: ChangeRequest): Change => {
    const id = companies[0] ?? '';
    const properties = { numberofemployees: String(1 + other * 60) };
    const events = [about('company.propertyChange', id, { propertyName: 'numberofemployees' })];
    return { touches: [...contacts], events, happens: () => control('PATCH', `companies/${id}`, { properties }) };
  };

  /** What is made has its id, and what tells of it, only then. */
  const making = (make: () => Promise<unknown>, made: (id: string) => Pick<Change, 'touches' | 'events'>): Change => {
    let told: Pick<Change, 'touches' | 'events'> = { touches: [], events: [] };
    return {
      isNew: true,
      get touches() {
        return told.touches;
      },
      get events() {
        return told.events;
      },
      happens: async () => {
        told = made(idSchema.parse(await make()).id);
      },
    };
  };

  const meet = (of: string): Change => {
    const attributes = { title: MEETING_TITLE, outcome: 'COMPLETED' };
    return making(
      () => control('POST', 'activities', { contactId: of, type: 'meeting', attributes }),
      (id) => {
        meetings.push({ id, isThere: true });
        return { touches: [of], events: [about('object.creation', id, { objectTypeId: '0-47' })] };
      },
    );
  };

  const create = ({ other, title }: ChangeRequest): Change => {
    // Some have none: nothing but their creation tells of these.
    const companyId = companies[other % (companies.length + 1)];
    const properties = { email: `new${contacts.length}@acme.example`, jobtitle: title };
    return making(
      () => control('POST', 'contacts', companyId === undefined ? { properties } : { properties, companyId }),
      (id) => {
        contacts.push(id);
        const links = companyId === undefined ? [] : [linked(id, companyId, false)];
        return { touches: [id], events: [about('contact.creation', id), ...links] };
      },
    );
  };

  const merge = (id: string, { other }: ChangeRequest): Change | null => {
    const into = contacts[other % contacts.length] ?? '';
    if (into === id || gone.has(into)) return null;
    gone.set(id, 'merged');
    mergedInto.set(id, into);
    const merged = { primaryObjectId: Number(into), mergedObjectIds: [Number(id)], newObjectId: Number(into) };
    const events = [{ ...BARE, subscriptionType: 'contact.merge', ...merged }];
    return { touches: [id, into], events, happens: () => control('POST', 'merge', { primaryId: into, mergedId: id }) };
  };

  const demo = (id: string): Change => {
    const asked = {
      ...{ email: null, record: { crm: 'hubspot', id }, userKey: null, anonymousKey: null },
      ...{ messageId: `demo-${demos.length}`, at: product.clock.now().getTime() },
      ...{ type: 'form_submission', attributes: { form: 'Demo Requested' } },
    };
    demos.push(asked);
    const happens = async () => {
      // As sources do, twice.
      await sendDemoRequest(product, asked);
      await sendDemoRequest(product, asked);
    };
    return { touches: [id], events: [], happens };
  };

  const ofLive: Readonly<Partial<Record<Kind, (id: string, wish: ChangeRequest) => Change | null>>> = {
    title: (id, { title }) => ({
      touches: [id],
      events: [about('contact.propertyChange', id, { propertyName: 'jobtitle', propertyValue: title })],
      happens: () => control('PATCH', `contacts/${id}`, { properties: { jobtitle: title } }),
    }),
    ...{ link, unlink: link, meet, merge, demo },
    delete: (id) => {
      gone.set(id, 'deleted');
      return {
        touches: [id],
        events: [about('contact.deletion', id)],
        happens: () => control('DELETE', `contacts/${id}`),
      };
    },
    erase: (id) => {
      gone.set(id, 'erased');
      return {
        touches: [id],
        events: [about('contact.deletion', id), about('contact.privacyDeletion', id)],
        happens: () => control('POST', `contacts/${id}/privacy-deletion`),
      };
    },
  };

  const restore = (): Change | null => {
    const deleted = contacts.find((each) => gone.get(each) === 'deleted');
    if (deleted === undefined) return null;
    gone.delete(deleted);
    const happens = () => control('POST', `contacts/${deleted}/restore`);
    return { touches: [deleted], events: [about('contact.restore', deleted)], happens };
  };

  const survivorOf = (id: string): string => {
    const into = mergedInto.get(id);
    return into === undefined ? id : survivorOf(into);
  };

  return {
    /** Null: it cannot be done now. */
    change(wish: ChangeRequest): Change | null {
      if (wish.kind === 'company') return companyChange(wish);
      if (wish.kind === 'create') return create(wish);
      if (wish.kind === 'cancel' || wish.kind === 'unmeet') return meetingChange(wish);
      if (wish.kind === 'restore') return restore();
      const id = contacts[wish.who % contacts.length] ?? '';
      return gone.has(id) ? null : (ofLive[wish.kind]?.(id, wish) ?? null);
    },
    /** Those that are there now. */
    live: () => contacts.filter((id) => !gone.has(id)),
    erased: () => contacts.filter((id) => gone.get(id) === 'erased'),
    /** Each demo that was asked for, by whom that is now. */
    demos: () => demos.map((each) => ({ ...each, record: { crm: 'hubspot', id: survivorOf(each.record?.id ?? '') } })),
  };
}
