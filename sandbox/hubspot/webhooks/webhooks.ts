// The webhooks of one account: subscriptions and target. Without a target, no events are sent.
import { Timers } from '../../webhooks/timers.ts';
import { badRequest } from '../hubspot-error.ts';
import type { Portal } from '../portal/portal.ts';
import type { PortalChange } from '../portal/portal-change.ts';
import type { PropertyDefinition } from '../properties/property-definition.ts';
import { BatchDelivery, type DeliveryStatus } from './batch-delivery.ts';
import { type Burst, startBurst } from './burst.ts';
import { EventFormatter } from './event-formatter.ts';
import { activeKeys, subscriptionKey } from './subscriptions.ts';
import type { WebhookSettings } from './webhook-settings.ts';

const NO_DELIVERIES: DeliveryStatus = { sent: 0, delivered: 0, failed: 0, waiting: 0, inFlight: 0, deliveries: [] };

interface WebhookTarget {
  readonly delivery: BatchDelivery;
  readonly timers: Timers;
  readonly subscribed: ReadonlySet<string>;
}

export class Webhooks {
  readonly #portal: Portal;
  readonly #formatter: EventFormatter;
  #current: WebhookTarget | null = null;
  #bursts = 0;

  constructor(portal: Portal) {
    this.#portal = portal;
    this.#formatter = new EventFormatter({ portalId: portal.id, appId: portal.appId });
  }

  /**
   * Sends events of all changes to the target from now on, and events that still wait for a former
   * target.
   */
  setTarget(settings: WebhookSettings): void {
    const { clock } = this.#portal;
    const { delivery, timers } = this.#current ?? this.#begin(settings);
    const subscribed = activeKeys(settings.subscriptions);
    delivery.configure(settings);
    this.#current = { delivery, timers, subscribed };
    this.#portal.onChange = (change) => {
      delivery.add(this.#formatter.eventsOf(withoutDerived(this.#portal, change), clock.now(), subscribed));
    };
  }

  /** Stops sending and any burst, and discards waiting events. */
  stop(): void {
    this.#portal.onChange = null;
    this.#current?.timers.close();
    this.#current?.delivery.close();
    this.#current = null;
  }

  status(): DeliveryStatus {
    return this.#current?.delivery.status() ?? NO_DELIVERIES;
  }

  /**
   * @returns the number of contacts that it changes
   * @throws HubSpotError 400 without a target, or for a property without events
   */
  burst(burst: Burst): number {
    const { timers, subscribed } = this.#target();
    const { property: propertyName } = burst;
    const keys = [
      subscriptionKey({ subscriptionType: 'object.propertyChange', objectType: 'contact', propertyName }),
      subscriptionKey({ subscriptionType: 'contact.propertyChange', propertyName }),
    ];
    if (!keys.some((key) => subscribed.has(key)) || isDerived(this.#portal.registry('contacts').get(propertyName))) {
      throw badRequest(`no subscription covers "${propertyName}": subscribe to it, or name another one as "property"`);
    }
    this.#bursts += 1;
    return startBurst(this.#portal, timers, burst, this.#bursts);
  }

  /** @throws HubSpotError 400 without a target */
  startOutage(ms: number): void {
    this.#target().delivery.startOutage(ms);
  }

  #begin(settings: WebhookSettings): Pick<WebhookTarget, 'delivery' | 'timers'> {
    const { clock, clientSecret } = this.#portal;
    const timers = new Timers();
    const sender = { clientSecret, timers, now: () => clock.now() };
    return { delivery: new BatchDelivery(settings, sender), timers };
  }

  #target(): WebhookTarget {
    if (this.#current === null) throw badRequest('no webhook target: PUT /_sandbox/webhooks {"targetUrl": ...} first');
    return this.#current;
  }
}

function withoutDerived(portal: Portal, change: PortalChange): PortalChange {
  if (change.kind !== 'changed') return change;
  const registry = portal.registry(change.type);
  const values = new Map([...change.values].filter(([name]) => !isDerived(registry.get(name))));
  return { ...change, values };
}

/** Values that HubSpot counts or derives fire no event. Values of its Salesforce integration do. */
function isDerived(property: PropertyDefinition | undefined): boolean {
  return property?.readOnlyValue === true && property.groupName !== 'salesforceinformation';
}
