// What HubSpot sends of a change: one event for each subscription that it answers, in the generic form (`object.*`) or in the
// classic one (`contact.*`). sandbox/README.md says what is assumed.
// https://developers.hubspot.com/changelog/public-beta-generic-webhook-subscriptions
import { OBJECT_KINDS, type ObjectType } from '../object-types.ts';
import type { Author, PortalChange } from '../portal-change.ts';
import { subscriptionKey } from './subscriptions.ts';

/** Its `attemptNumber` is that of the first delivery. */
export type WebhookEvent = Readonly<Fields>;
type Fields = Record<string, string | number | boolean | readonly number[]>;

type Change<Kind extends PortalChange['kind']> = Extract<PortalChange, { kind: Kind }>;

/** What a subscription of each form can tell of. */
interface Happening {
  readonly type: ObjectType;
  readonly event: string;
  readonly propertyName?: string;
  readonly fields: Readonly<Fields>;
  /** Of the generic form alone. */
  readonly generic: Readonly<Fields>;
  /** Classic subscriptions do not know of it. */
  readonly isGenericAlone?: boolean;
}

/** The types that classic subscriptions know. */
const CLASSIC: ReadonlySet<ObjectType> = new Set(['contacts', 'companies', 'deals']);

const LIVES = {
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
   * The events of one change. They share their `eventId`, which "is not guaranteed to be unique".
   * @param subscribed keys of subscriptions
   */
  eventsOf(change: PortalChange, at: number, subscribed: ReadonlySet<string>): readonly WebhookEvent[] {
    this.#changes += 1;
    const events: WebhookEvent[] = [];
    const tell = (
      subscription: { subscriptionType: string; objectType?: string },
      fields: Fields,
      property?: string,
    ) => {
      const key = subscriptionKey({ ...subscription, propertyName: property });
      if (!subscribed.has(key)) return;
      const { subscriptionType } = subscription;
      events.push({ ...this.#head(key, subscriptionType, at), ...fields, ...authorship(change.by) });
    };
    for (const { type, event, propertyName, fields, generic, isGenericAlone } of happeningsOf(change)) {
      const objectType = nameOfType(type);
      tell({ subscriptionType: `object.${event}`, objectType }, { ...fields, ...generic }, propertyName);
      const isClassic = CLASSIC.has(type) && isGenericAlone !== true;
      if (isClassic) tell({ subscriptionType: `${objectType}.${event}` }, fields, propertyName);
    }
    if (change.kind === 'erased')
      tell({ subscriptionType: 'contact.privacyDeletion' }, { objectId: Number(change.id) });
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

function happeningsOf(change: PortalChange): readonly Happening[] {
  switch (change.kind) {
    case 'changed':
      return propertyChanges(change);
    case 'merged':
      return [merge(change)];
    case 'erased':
      // A deletion for privacy comes as a deletion, too; https://developers.hubspot.com/docs/api/webhooks
      return [life({ ...change, kind: 'deleted', type: 'contacts' })];
    case 'linked':
    case 'unlinked':
      return linkChanges(change);
    default:
      return [life(change)];
  }
}

function life({ kind, type, id }: Change<'created' | 'deleted' | 'restored'>): Happening {
  const [event, flag] = LIVES[kind];
  return { type, event, fields: { objectId: Number(id), ...flag }, generic: typeIdOf(type) };
}

function propertyChanges({ type, id, values }: Change<'changed'>): readonly Happening[] {
  return [...values].map(([propertyName, propertyValue]) => ({
    ...{ type, event: 'propertyChange', propertyName },
    fields: { objectId: Number(id), propertyName, propertyValue },
    generic: { ...typeIdOf(type), isSensitive: false },
  }));
}

function merge({ primaryId, mergedId, moved }: Change<'merged'>): Happening {
  const fields = {
    primaryObjectId: Number(primaryId),
    mergedObjectIds: [Number(mergedId)],
    newObjectId: Number(primaryId),
    numberOfPropertiesMoved: moved,
  };
  return { type: 'contacts', event: 'merge', fields, generic: typeIdOf('contacts') };
}

/** One for each end; classic subscriptions know of links between their own types alone. */
function linkChanges({ from, to, kind, primary }: Change<'linked' | 'unlinked'>): readonly Happening[] {
  const ends: readonly (readonly [typeof from, typeof to])[] = [
    [from, to],
    [to, from],
  ];
  return ends.map(([one, other]) => ({
    ...{ type: one.type, event: 'associationChange', isGenericAlone: !CLASSIC.has(other.type) },
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

function authorship({ source, sourceId }: Author) {
  return { changeSource: source, sourceId };
}

function typeIdOf(type: ObjectType) {
  return { objectTypeId: OBJECT_KINDS[type].objectTypeId };
}

/** As subscriptions name it: a meeting is a meeting_event. */
function nameOfType(type: ObjectType): string {
  return type === 'meetings' ? 'meeting_event' : OBJECT_KINDS[type].singular;
}
