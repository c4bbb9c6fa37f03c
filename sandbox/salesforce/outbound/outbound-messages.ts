// The outbound messages of one org: which saves cause one, and its content. Without a target, none
// are sent.
import { idOf } from '../ids.ts';
import type { Org } from '../org/org.ts';
import { isDeleted } from '../records/record-table.ts';
import { badRequest } from '../salesforce-error.ts';
import { type DeliveryStatus, MessageDelivery, type Notification } from './message-delivery.ts';
import type { OutboundSettings } from './outbound-settings.ts';
import { soapMessage } from './soap-message.ts';

const NO_DELIVERIES: DeliveryStatus = {
  ...{ sent: 0, delivered: 0, failed: 0, dropped: 0 },
  ...{ waiting: 0, inFlight: 0, deliveries: [] },
};

export class OutboundMessages {
  readonly #org: Org;
  #delivery: MessageDelivery | null = null;
  #fields: readonly string[] = [];
  #count = 0;

  constructor(org: Org) {
    this.#org = org;
  }

  /**
   * Sends a message for every save to the target from now on, and messages that still wait for a
   * former target.
   * @throws SalesforceError 400 for an unknown object
   */
  setTarget(settings: OutboundSettings): void {
    const unknown = settings.objects.find((name) => this.#org.schema.object(name)?.name !== name);
    if (unknown !== undefined) throw badRequest('INVALID_TYPE', `unknown object ${unknown}`);
    this.#fields = settings.fields;
    const delivery = this.#delivery ?? this.#createDelivery(settings);
    delivery.configure(settings);
    this.#delivery = delivery;
    const objects = new Set(settings.objects);
    this.#org.onSave = (record, before, by) => {
      // Only a create or an update triggers the rule or flow that sends a message.
      const isEdit = !isDeleted(record) && (before === null || !isDeleted(before));
      if (!objects.has(record.type) || !isEdit) return;
      if (settings.skipOwnWrites && by === this.#org.userId) return;
      this.#count += 1;
      delivery.add(record.type, { id: idOf('04l', this.#count), recordId: record.id });
    };
  }

  /** Stops sending and discards waiting messages. */
  stop(): void {
    this.#org.onSave = null;
    this.#delivery?.close();
    this.#delivery = null;
  }

  status(): DeliveryStatus {
    return this.#delivery?.status() ?? NO_DELIVERIES;
  }

  #createDelivery(settings: OutboundSettings): MessageDelivery {
    const now = () => this.#org.clock.now();
    return new MessageDelivery(settings, {
      now,
      compose: (object, notifications) => this.#compose(object, notifications),
    });
  }

  #compose(object: string, notifications: readonly Notification[]): string | null {
    const existing = notifications.flatMap(({ id, recordId }) => {
      const record = this.#org.find(recordId);
      return record === undefined ? [] : [{ id, record }];
    });
    if (existing.length === 0) return null;
    return soapMessage({
      orgId: this.#org.id,
      actionId: actionOf(object),
      notifications: existing,
      fields: this.#fields,
    });
  }
}

/** The ID of an object's outbound message action. */
function actionOf(object: string): string {
  return idOf('04k', [...object].reduce((sum, character) => sum * 31 + character.charCodeAt(0), 7) % 1_000_000);
}
