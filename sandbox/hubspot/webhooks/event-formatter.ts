// Formats a change as webhook events: one for each matching subscription, in the generic form
// (`object.*`) or the classic one (`contact.*`). sandbox/hubspot.md lists the assumptions.
// https://developers.hubspot.com/changelog/public-beta-generic-webhook-subscriptions
import { OBJECT_KINDS, type ObjectType } from '../object-types.ts';
import type { PortalChange } from '../portal/portal-change.ts';
import type { ChangeSource } from '../records/change-source.ts';
import { subscriptionKey } from './subscriptions.ts';

/** `attemptNumber` is that of the first delivery. */
export type WebhookEvent = Readonly<Fields>;
type Fields = Record<string, string | number | boolean | readonly number[]>;

type Change<Kind extends PortalChange['kind']> = Extract<PortalChange, { kind: Kind }>;

/** One event, independent of the subscription's form. */
interface EventContent {
  readonly type: ObjectType;
  readonly event: string;
  readonly propertyName?: string;
  readonly fields: Readonly<Fields>;
  /** Fields of the generic form only. */
  readonly generic: Readonly<Fields>;
  /** Classic subscriptions do not have this event. */
  readonly isGenericOnly?: boolean;
}

/** The types of classic subscriptions. */
const CLASSIC: ReadonlySet<ObjectType> = new Set(['contacts', 'companies', 'deals']);

const LIFECYCLE_EVENTS = {
  created: ['creation', { changeFlag: 'CREATED' }],
  deleted: ['deletion', { changeFlag: 'DELETED' }],
  restored: ['restore', {}],
} as const;

const FIRST_EVENT_ID = 4_101_286_121;
const FIRST_SUBSCRIPTION_ID = 7_562_680;

export class EventFormatter {
  readonly #account: { readonly portalId: number; readonly appId: number };
  readonly #subscriptionIds = new Map<string, number>();
  #changes = 0;

  constructor(account: { readonly portalId: number; readonly appId: number }) {
    this.#account = account;
  }

  /**
   * The events of one change. They share one `eventId`, which "is not guaranteed to be unique".
   * @param subscribed keys of active subscriptions
   */
  eventsOf(change: PortalChange, at: number, subscribed: ReadonlySet<string>): readonly WebhookEvent[] {
    this.#changes += 1;
    const events: WebhookEvent[] = [];
    const addEvent = (
      subscription: { subscriptionType: string; objectType?: string },
      fields: Fields,
      property?: string,
    ) => {
      const key = subscriptionKey({ ...subscription, propertyName: property });
      if (!subscribed.has(key)) return;
      const { subscriptionType } = subscription;
      events.push({ ...this.#head(key, subscriptionType, at), ...fields, ...sourceFields(change.by) });
    };
    for (const { type, event, propertyName, fields, generic, isGenericOnly } of contentsOf(change)) {
      const objectType = nameOfType(type);
      addEvent({ subscriptionType: `object.${event}`, objectType }, { ...fields, ...generic }, propertyName);
      const isClassic = CLASSIC.has(type) && isGenericOnly !== true;
      if (isClassic) addEvent({ subscriptionType: `${objectType}.${event}` }, fields, propertyName);
    }
    if (change.kind === 'erased')
      addEvent({ subscriptionType: 'contact.privacyDeletion' }, { objectId: Number(change.id) });
    return events;
  }

  #head(subscription: string, subscriptionType: string, occurredAt: number) {
    const { portalId, appId } = this.#account;
    const subscriptionId =
      this.#subscriptionIds.get(subscription) ?? FIRST_SUBSCRIPTION_ID + this.#subscriptionIds.size;
    this.#subscriptionIds.set(subscription, subscriptionId);
    const eventId = FIRST_EVENT_ID + this.#changes;
    return { eventId, subscriptionId, portalId, appId, occurredAt, subscriptionType, attemptNumber: 0 };
  }
}

function contentsOf(change: PortalChange): readonly EventContent[] {
  switch (change.kind) {
    case 'changed':
      return propertyChanges(change);
    case 'merged':
      return [mergeEvent(change)];
    case 'erased':
      // A privacy deletion also fires a deletion: https://developers.hubspot.com/docs/api/webhooks
      return [lifecycleEvent({ ...change, kind: 'deleted', type: 'contacts' })];
    case 'linked':
    case 'unlinked':
      return linkChanges(change);
    default:
      return [lifecycleEvent(change)];
  }
}

function lifecycleEvent({ kind, type, id }: Change<'created' | 'deleted' | 'restored'>): EventContent {
  const [event, flag] = LIFECYCLE_EVENTS[kind];
  return { type, event, fields: { objectId: Number(id), ...flag }, generic: typeIdOf(type) };
}

function propertyChanges({ type, id, values }: Change<'changed'>): readonly EventContent[] {
  return [...values].map(([propertyName, propertyValue]) => ({
    ...{ type, event: 'propertyChange', propertyName },
    fields: { objectId: Number(id), propertyName, propertyValue },
    generic: { ...typeIdOf(type), isSensitive: false },
  }));
}

function mergeEvent({ primaryId, mergedId, newId, moved }: Change<'merged'>): EventContent {
  const fields = {
    primaryObjectId: Number(primaryId),
    mergedObjectIds: [Number(mergedId)],
    newObjectId: Number(newId),
    numberOfPropertiesMoved: moved,
  };
  return { type: 'contacts', event: 'merge', fields, generic: typeIdOf('contacts') };
}

/** One event per end. Classic subscriptions get links between classic types only. */
function linkChanges({ from, to, kind, primary }: Change<'linked' | 'unlinked'>): readonly EventContent[] {
  const ends: readonly (readonly [typeof from, typeof to])[] = [
    [from, to],
    [to, from],
  ];
  return ends.map(([one, other]) => ({
    ...{ type: one.type, event: 'associationChange', isGenericOnly: !CLASSIC.has(other.type) },
    fields: {
      associationType: `${nameOfType(one.type)}_TO_${nameOfType(other.type)}`.toUpperCase(),
      fromObjectId: Number(one.id),
      toObjectId: Number(other.id),
      associationRemoved: kind === 'unlinked',
      isPrimaryAssociation: primary,
    },
    generic: {
      fromObjectTypeId: OBJECT_KINDS[one.type].objectTypeId,
      toObjectTypeId: OBJECT_KINDS[other.type].objectTypeId,
    },
  }));
}

/** An event has no `sourceId` if its source has none. */
function sourceFields({ source, sourceId }: ChangeSource) {
  return { changeSource: source, ...(sourceId === null ? {} : { sourceId }) };
}

function typeIdOf(type: ObjectType) {
  return { objectTypeId: OBJECT_KINDS[type].objectTypeId };
}

/** The type's name in subscriptions: a meeting is `meeting_event`. */
function nameOfType(type: ObjectType): string {
  return type === 'meetings' ? 'meeting_event' : OBJECT_KINDS[type].singular;
}
