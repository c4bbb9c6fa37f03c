// The webhooks of one account: what is subscribed to, and where it goes. Without a target nothing is told.
import { Timers } from '../../webhooks/timers.ts';
import { badRequest } from '../hubspot-error.ts';
import type { Portal } from '../portal.ts';
import type { PortalChange } from '../portal-change.ts';
import type { PropertyDefinition } from '../properties/property-definition.ts';
import { type Burst, startBurst } from './burst.ts';
import { BatchDelivery, type DeliveryStatus } from './deliver-batches.ts';
import { EventFormatter } from './event-formatter.ts';
import { activeKeys, subscriptionKey } from './subscriptions.ts';
import type { WebhookSettings } from './webhook-settings.ts';

const NOTHING: DeliveryStatus = { sent: 0, delivered: 0, failed: 0, waiting: 0, inFlight: 0, deliveries: [] };

interface Aimed {
  readonly delivery: BatchDelivery;
  readonly timers: Timers;
  readonly subscribed: ReadonlySet<string>;
}

export class Webhooks {
  readonly #portal: Portal;
  readonly #forms: EventFormatter;
  #aimed: Aimed | null = null;
  #storms = 0;

  constructor(portal: Portal) {
    this.#portal = portal;
    this.#forms = new EventFormatter({ portalId: portal.id, appId: portal.appId });
  }

  /** Tells the target of every change from now on. What still waits for a target before it goes there, too. */
  aim(settings: WebhookSettings): void {
    const { clock } = this.#portal;
    const { delivery, timers } = this.#aimed ?? this.#begin(settings);
    const subscribed = activeKeys(settings.subscriptions);
    delivery.change(settings);
    this.#aimed = { delivery, timers, subscribed };
    this.#portal.watcher = (change) => {
      delivery.add(this.#forms.eventsOf(withoutDerived(this.#portal, change), clock.now(), subscribed));
    };
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
  storm(burst: Burst): number {
    const { timers, subscribed } = this.#target();
    const { property: propertyName } = burst;
    const keys = [
      subscriptionKey({ subscriptionType: 'object.propertyChange', objectType: 'contact', propertyName }),
      subscriptionKey({ subscriptionType: 'contact.propertyChange', propertyName }),
    ];
    if (!keys.some((key) => subscribed.has(key)) || isDerived(this.#portal.registry('contacts').get(propertyName))) {
      throw badRequest(`no webhook tells of "${propertyName}": subscribe to it, or name another one as "property"`);
    }
    this.#storms += 1;
    return startBurst(this.#portal, timers, burst, this.#storms);
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

function withoutDerived(portal: Portal, change: PortalChange): PortalChange {
  if (change.kind !== 'changed') return change;
  const registry = portal.registry(change.type);
  const values = new Map([...change.values].filter(([name]) => !isDerived(registry.get(name))));
  return { ...change, values };
}

/** What HubSpot counts or derives by itself never fires. What its Salesforce integration sets is neither. */
function isDerived(property: PropertyDefinition | undefined): boolean {
  return property?.readOnlyValue === true && property.groupName !== 'salesforceinformation';
}
