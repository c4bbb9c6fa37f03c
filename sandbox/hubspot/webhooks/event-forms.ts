// What HubSpot sends of a change: the events' fields in both of its forms, classic (`contact.*`) and generic (`object.*`).
// https://developers.hubspot.com/changelog/public-beta-generic-webhook-subscriptions ; sandbox/README.md says what is assumed.
import { OBJECT_KINDS, type ObjectType } from '../object-types.ts';
import type { Author, PortalChange } from '../portal-change.ts';

/** Its `attemptNumber` is that of the first delivery. */
export type WebhookEvent = Readonly<Record<string, string | number | boolean | readonly number[]>>;

export interface Subscribed {
  /** Contacts, companies and deals in the classic form. */
  readonly classic: boolean;
  /** Whether a change of that property is told. */
  property(type: ObjectType, name: string): boolean;
}

type Change<Kind extends PortalChange['kind']> = Extract<PortalChange, { kind: Kind }>;

/** The types that classic subscriptions know. */
const CLASSIC: ReadonlySet<ObjectType> = new Set(['contacts', 'companies', 'deals']);

const LIVES = {
  created: ['creation', { changeFlag: 'CREATED' }],
  deleted: ['deletion', { changeFlag: 'DELETED' }],
  restored: ['restore', {}],
} as const;

const FIRST_EVENT_ID = 4_101_286_121;
const FIRST_SUBSCRIPTION_ID = 7_562_680;

export class EventForms {
  readonly #account: { readonly portalId: number; readonly appId: number };
  readonly #subscriptionIds = new Map<string, number>();
  #changes = 0;

  constructor(account: { readonly portalId: number; readonly appId: number }) {
    this.#account = account;
  }

  /** The events of one change that are subscribed to. They share their `eventId`, which "is not guaranteed to be unique". */
  eventsOf(change: PortalChange, at: number, subscribed: Subscribed): readonly WebhookEvent[] {
    this.#changes += 1;
    switch (change.kind) {
      case 'changed':
        return this.#propertyChanges(change, at, subscribed);
      case 'merged':
        return [this.#merge(change, at, subscribed)];
      case 'erased':
        return this.#erasure(change, at, subscribed);
      case 'linked':
      case 'unlinked':
        return this.#linkChanges(change, at, subscribed);
      default:
        return [this.#life(change, at, subscribed)];
    }
  }

  #life({ kind, type, id, by }: Change<'created' | 'deleted' | 'restored'>, at: number, { classic }: Subscribed) {
    const [event, flag] = LIVES[kind];
    const { name, typeId } = formOf(type, classic);
    return { ...this.#head(`${name}.${event}`, type, at), objectId: Number(id), ...typeId, ...flag, ...authorship(by) };
  }

  #propertyChanges({ type, id, values, by }: Change<'changed'>, at: number, subscribed: Subscribed): WebhookEvent[] {
    const { name: form, typeId } = formOf(type, subscribed.classic);
    const events: WebhookEvent[] = [];
    for (const [name, value] of values) {
      if (!subscribed.property(type, name)) continue;
      events.push({
        ...this.#head(`${form}.propertyChange`, type, at, name),
        objectId: Number(id),
        ...typeId,
        propertyName: name,
        propertyValue: value,
        ...authorship(by),
        ...(form === 'object' ? { isSensitive: false } : {}),
      });
    }
    return events;
  }

  #merge({ primaryId, mergedId, moved, by }: Change<'merged'>, at: number, { classic }: Subscribed): WebhookEvent {
    const { name, typeId } = formOf('contacts', classic);
    return {
      ...this.#head(`${name}.merge`, 'contacts', at),
      ...typeId,
      primaryObjectId: Number(primaryId),
      mergedObjectIds: [Number(mergedId)],
      newObjectId: Number(primaryId),
      numberOfPropertiesMoved: moved,
      ...authorship(by),
    };
  }

  /** A deletion for privacy comes as a deletion, too; https://developers.hubspot.com/docs/api/webhooks */
  #erasure({ id, by }: Change<'erased'>, at: number, subscribed: Subscribed): WebhookEvent[] {
    return [
      this.#life({ kind: 'deleted', type: 'contacts', id, by }, at, subscribed),
      { ...this.#head('contact.privacyDeletion', 'contacts', at), objectId: Number(id), ...authorship(by) },
    ];
  }

  /** One event for each end, as both are subscribed to; classic ones know of links between their own types alone. */
  #linkChanges(change: Change<'linked' | 'unlinked'>, at: number, { classic }: Subscribed): WebhookEvent[] {
    const { from, to, kind, primary, by } = change;
    const isClassic = classic && CLASSIC.has(from.type) && CLASSIC.has(to.type);
    const ends: readonly (readonly [typeof from, typeof to])[] = [
      [from, to],
      [to, from],
    ];
    return ends.flatMap(([one, other]) => {
      if (classic && !isClassic && CLASSIC.has(one.type)) return [];
      const { name } = formOf(one.type, isClassic);
      const typeIds = {
        fromObjectTypeId: OBJECT_KINDS[one.type].objectTypeId,
        toObjectTypeId: OBJECT_KINDS[other.type].objectTypeId,
      };
      return {
        ...this.#head(`${name}.associationChange`, one.type, at),
        associationType: `${nameOfType(one.type)}_TO_${nameOfType(other.type)}`,
        fromObjectId: Number(one.id),
        toObjectId: Number(other.id),
        ...(name === 'object' ? typeIds : {}),
        associationRemoved: kind === 'unlinked',
        isPrimaryAssociation: primary,
        ...authorship(by),
      };
    });
  }

  #head(subscriptionType: string, type: ObjectType, occurredAt: number, property = '') {
    const subscriptionId = this.#subscriptionId(`${subscriptionType} ${type} ${property}`);
    const { portalId, appId } = this.#account;
    const eventId = FIRST_EVENT_ID + this.#changes;
    return { eventId, subscriptionId, portalId, appId, occurredAt, subscriptionType, attemptNumber: 0 };
  }

  #subscriptionId(subscription: string): number {
    const id = this.#subscriptionIds.get(subscription) ?? FIRST_SUBSCRIPTION_ID + this.#subscriptionIds.size;
    this.#subscriptionIds.set(subscription, id);
    return id;
  }
}

function authorship({ source, sourceId }: Author) {
  return { changeSource: source, sourceId };
}

/** `contact`, or `object` with the type's id. */
function formOf(type: ObjectType, classic: boolean) {
  const { singular, objectTypeId } = OBJECT_KINDS[type];
  if (classic && CLASSIC.has(type)) return { name: singular, typeId: {} };
  return { name: 'object', typeId: { objectTypeId } };
}

/** As subscriptions name it: a meeting is a MEETING_EVENT. */
function nameOfType(type: ObjectType): string {
  return type === 'meetings' ? 'MEETING_EVENT' : OBJECT_KINDS[type].singular.toUpperCase();
}
