// Random changes of a small portal in any order, as far as they are possible; each with the events
// that HubSpot sends about it.
import { z } from 'zod';
import { type NewSiteEvent, saveSiteEvents } from '../../../src/store/site-events/save-site-events.ts';
import { MEETING_TITLE } from '../../support/meeting-model.ts';
import type { TestProduct } from '../../support/product.ts';
import type { RunningProduct } from '../../support/running-product.ts';

export const KINDS = [
  ...(['title', 'title', 'link', 'unlink', 'company', 'meet', 'meet', 'cancel-meeting', 'delete-meeting'] as const),
  ...(['delete', 'restore', 'restore', 'merge', 'demo', 'demo', 'create', 'erase'] as const),
];
export type Kind = (typeof KINDS)[number];

export interface ChangeRequest {
  readonly kind: Kind;
  /** Indexes of contacts, companies or meetings, modulo their number. */
  readonly who: number;
  readonly other: number;
  readonly title: string;
}

export interface Change {
  /** The contacts whose score may change. */
  readonly touches: readonly string[];
  /** Empty: HubSpot sends no event about it. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
  /** The ID in the events exists only after the change. */
  readonly isNew?: true;
  readonly apply: () => Promise<unknown>;
}

const idSchema = z.object({ id: z.string() });
const BARE = { objectId: undefined, propertyName: undefined, propertyValue: undefined };

/** Sends a demo request once, as a site does. */
export async function sendDemoRequest({ context, clock }: RunningProduct, demo: NewSiteEvent): Promise<void> {
  await saveSiteEvents(context.db, { source: 'website', events: [demo], identities: [] }, clock.now());
  await context.enqueue('match-site-events', {});
}

/**
 * @param begin IDs of the contacts that exist
 * @param companies IDs of the companies; only the first one is edited
 */
export function portalChanges(product: TestProduct, begin: readonly string[], companies: readonly string[]) {
  const contacts = [...begin];
  const gone = new Map<string, 'deleted' | 'merged' | 'erased'>();
  const mergedInto = new Map<string, string>();
  const meetings: { readonly id: string; exists: boolean }[] = [];
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
      apply: () => control(isRemoved ? 'DELETE' : 'PUT', 'associations', { contactId: id, companyId }),
    };
  };

  const meetingChange = ({ kind, other }: ChangeRequest): Change | null => {
    const existing = meetings.filter(({ exists }) => exists);
    const meeting = existing[other % Math.max(1, existing.length)];
    if (meeting === undefined) return null;
    const [touches, typed, path] = [[...contacts], { objectTypeId: '0-47' }, `activities/meetings/${meeting.id}`];
    if (kind === 'delete-meeting') {
      meeting.exists = false;
      const events = [about('object.deletion', meeting.id, typed)];
      return { touches, events, apply: () => control('DELETE', path) };
    }
    const properties = { hs_meeting_outcome: 'CANCELED' };
    const named = { ...typed, propertyName: 'hs_meeting_outcome', propertyValue: 'CANCELED' };
    const events = [about('object.propertyChange', meeting.id, named)];
    return { touches, events, apply: () => control('PATCH', path, { properties }) };
  };

  const companyChange = ({ other }: ChangeRequest): Change => {
    const id = companies[0] ?? '';
    const properties = { numberofemployees: String(1 + other * 60) };
    const events = [about('company.propertyChange', id, { propertyName: 'numberofemployees' })];
    return { touches: [...contacts], events, apply: () => control('PATCH', `companies/${id}`, { properties }) };
  };

  /** A new object has its ID, and its events, only after its creation. */
  const creation = (
    execute: () => Promise<unknown>,
    describeCreated: (id: string) => Pick<Change, 'touches' | 'events'>,
  ): Change => {
    let created: Pick<Change, 'touches' | 'events'> = { touches: [], events: [] };
    return {
      isNew: true,
      get touches() {
        return created.touches;
      },
      get events() {
        return created.events;
      },
      apply: async () => {
        created = describeCreated(idSchema.parse(await execute()).id);
      },
    };
  };

  const meet = (contactId: string): Change => {
    const attributes = { title: MEETING_TITLE, outcome: 'COMPLETED' };
    return creation(
      () => control('POST', 'activities', { contactId, type: 'meeting', attributes }),
      (id) => {
        meetings.push({ id, exists: true });
        return { touches: [contactId], events: [about('object.creation', id, { objectTypeId: '0-47' })] };
      },
    );
  };

  const create = ({ other, title }: ChangeRequest): Change => {
    // Some have no company: only the event of their creation reports them.
    const companyId = companies[other % (companies.length + 1)];
    const properties = { email: `new${contacts.length}@acme.example`, jobtitle: title };
    return creation(
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
    return { touches: [id, into], events, apply: () => control('POST', 'merge', { primaryId: into, mergedId: id }) };
  };

  const demo = (id: string): Change => {
    const request = {
      ...{ email: null, record: { crm: 'hubspot', id }, userKey: null, anonymousKey: null },
      ...{ messageId: `demo-${demos.length}`, at: product.clock.now().getTime() },
      ...{ type: 'form_submission', attributes: { form: 'Demo Requested' } },
    };
    demos.push(request);
    const apply = async () => {
      // Sites repeat their requests.
      await sendDemoRequest(product, request);
      await sendDemoRequest(product, request);
    };
    return { touches: [id], events: [], apply };
  };

  const ofLive: Readonly<Partial<Record<Kind, (id: string, request: ChangeRequest) => Change | null>>> = {
    title: (id, { title }) => ({
      touches: [id],
      events: [about('contact.propertyChange', id, { propertyName: 'jobtitle', propertyValue: title })],
      apply: () => control('PATCH', `contacts/${id}`, { properties: { jobtitle: title } }),
    }),
    ...{ link, unlink: link, meet, merge, demo },
    delete: (id) => {
      gone.set(id, 'deleted');
      return {
        touches: [id],
        events: [about('contact.deletion', id)],
        apply: () => control('DELETE', `contacts/${id}`),
      };
    },
    erase: (id) => {
      gone.set(id, 'erased');
      return {
        touches: [id],
        events: [about('contact.deletion', id), about('contact.privacyDeletion', id)],
        apply: () => control('POST', `contacts/${id}/privacy-deletion`),
      };
    },
  };

  const restore = (): Change | null => {
    const deleted = contacts.find((id) => gone.get(id) === 'deleted');
    if (deleted === undefined) return null;
    gone.delete(deleted);
    const apply = () => control('POST', `contacts/${deleted}/restore`);
    return { touches: [deleted], events: [about('contact.restore', deleted)], apply };
  };

  const survivorOf = (id: string): string => {
    const into = mergedInto.get(id);
    return into === undefined ? id : survivorOf(into);
  };

  return {
    /** Null: the change is not possible now. */
    change(request: ChangeRequest): Change | null {
      if (request.kind === 'company') return companyChange(request);
      if (request.kind === 'create') return create(request);
      if (request.kind === 'cancel-meeting' || request.kind === 'delete-meeting') return meetingChange(request);
      if (request.kind === 'restore') return restore();
      const id = contacts[request.who % contacts.length] ?? '';
      return gone.has(id) ? null : (ofLive[request.kind]?.(id, request) ?? null);
    },
    /** The contacts that exist now. */
    live: () => contacts.filter((id) => !gone.has(id)),
    erased: () => contacts.filter((id) => gone.get(id) === 'erased'),
    /** Each demo request, with the surviving record of its contact. */
    demos: () => demos.map((demo) => ({ ...demo, record: { crm: 'hubspot', id: survivorOf(demo.record?.id ?? '') } })),
  };
}
