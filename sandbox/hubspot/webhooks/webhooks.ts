// The webhooks of one account: what is subscribed to, and where it goes. Without a target nothing is told.
import { badRequest } from '../hubspot-error.ts';
import type { ObjectType } from '../object-types.ts';
import type { Portal } from '../portal.ts';
import type { PropertyDefinition } from '../properties/property-definition.ts';
import { BatchDelivery, type DeliveryStatus } from './deliver-batches.ts';
import { EventForms, type Subscribed } from './event-forms.ts';
import { beginStorm, type Storm } from './storm.ts';
import { Timers } from './timers.ts';
import type { WebhookSettings } from './webhook-settings.ts';

/** https://developers.hubspot.com/docs/apps/legacy-apps/public-apps/create-generic-webhook-subscriptions */
const NEVER_TOLD: ReadonlySet<string> = new Set(['hs_email_html', 'hs_email_subject', 'hs_communication_body']);

const NOTHING: DeliveryStatus = { sent: 0, delivered: 0, failed: 0, waiting: 0, inFlight: 0, deliveries: [] };

interface Aimed {
  readonly delivery: BatchDelivery;
  readonly timers: Timers;
  readonly subscribed: Subscribed;
}

export class Webhooks {
  readonly #portal: Portal;
  readonly #forms: EventForms;
  #aimed: Aimed | null = null;
  #storms = 0;

  constructor(portal: Portal) {
    this.#portal = portal;
    this.#forms = new EventForms({ portalId: portal.id, appId: portal.appId });
  }

  /** Tells the target of every change from now on. What still waits for a target before it goes there, too. */
  aim(settings: WebhookSettings): void {
    const { clock } = this.#portal;
    const { delivery, timers } = this.#aimed ?? this.#begin(settings);
    const subscribed = subscriptionsOf(this.#portal, settings);
    delivery.change(settings);
    this.#aimed = { delivery, timers, subscribed };
    this.#portal.watcher = (change) => delivery.add(this.#forms.eventsOf(change, clock.now(), subscribed));
  }

  /** Tells nobody any more; what waits is dropped, and a storm ends. */
  stop(): void {
    this.#portal.watcher = null;
    this.#aimed?.timers.close();
    this.#aimed?.delivery.close();
    this.#aimed = null;
  }

  status(): DeliveryStatus {
    return this.#aimed?.delivery.status() ?? NOTHING;
  }

  /** @throws HubSpotError 400 without a target, or for a property that nobody is told of. @returns over how many contacts it goes */
  storm(storm: Storm): number {
    const { timers, subscribed } = this.#target();
    if (!subscribed.property('contacts', storm.property)) {
      throw badRequest(`no webhook tells of "${storm.property}": subscribe to it, or name another one as "property"`);
    }
    this.#storms += 1;
    return beginStorm(this.#portal, timers, storm, this.#storms);
  }

  /** @throws HubSpotError 400 without a target */
  breakDown(ms: number): void {
    this.#target().delivery.breakDown(ms);
  }

  #begin(settings: WebhookSettings): Pick<Aimed, 'delivery' | 'timers'> {
    const { clock, clientSecret } = this.#portal;
    const timers = new Timers();
    const sender = { clientSecret, timers, now: () => clock.now() };
    return { delivery: new BatchDelivery(settings, sender), timers };
  }

  #target(): Aimed {
    if (this.#aimed === null) throw badRequest('no webhooks are sent: PUT /_sandbox/webhooks {"targetUrl": ...} first');
    return this.#aimed;
  }
}

function subscriptionsOf(portal: Portal, { classic, subscriptions }: WebhookSettings): Subscribed {
  const ofContacts = subscriptions.properties === undefined ? null : new Set(subscriptions.properties);
  return {
    classic,
    property: (type: ObjectType, name: string) => {
      if (type === 'contacts' && ofContacts?.has(name) === false) return false;
      const property = portal.registry(type).get(name);
      return property !== undefined && !isDerived(property) && !NEVER_TOLD.has(name);
    },
  };
}

/** What HubSpot counts or derives by itself never fires. What its Salesforce integration sets is neither. */
function isDerived({ readOnlyValue, groupName }: PropertyDefinition): boolean {
  return readOnlyValue && groupName !== 'salesforceinformation';
}
