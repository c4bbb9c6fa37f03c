// The outbound messages of one org: of which saves they tell, and with what. Without a target nothing is told.
import { idOf } from '../ids.ts';
import type { Org } from '../org.ts';
import { isDeleted } from '../records/record-table.ts';
import { badRequest } from '../salesforce-error.ts';
import { type DeliveryStatus, MessageDelivery, type Notification } from './deliver-messages.ts';
import type { OutboundSettings } from './outbound-settings.ts';
import { soapMessage } from './soap-message.ts';

const NOTHING: DeliveryStatus = {
  ...{ sent: 0, delivered: 0, failed: 0, dropped: 0 },
  ...{ waiting: 0, inFlight: 0, deliveries: [] },
};

export class OutboundMessages {
  readonly #org: Org;
  #delivery: MessageDelivery | null = null;
  #fields: readonly string[] = [];
  #made = 0;

  constructor(org: Org) {
    this.#org = org;
  }

  /**
   * Tells the target of every save from now on. What still waits for a target before it goes there, too.
   * @throws SalesforceError 400 for an object that there is not
   */
  aim(settings: OutboundSettings): void {
    const unknown = settings.objects.find((name) => this.#org.schema.object(name)?.name !== name);
    if (unknown !== undefined) throw badRequest('INVALID_TYPE', `the sandbox has no object ${unknown}`);
    this.#fields = settings.fields;
    const delivery = this.#delivery ?? this.#begin(settings);
    delivery.change(settings);
    this.#delivery = delivery;
    const objects = new Set(settings.objects);
    this.#org.watcher = (record, before, by) => {
      // Nothing but a create or an update sets off a rule or a flow with a message.
      const isEdit = !isDeleted(record) && (before === null || !isDeleted(before));
      if (!objects.has(record.type) || !isEdit) return;
      if (settings.quietUser && by === this.#org.userId) return;
      this.#made += 1;
      delivery.add(record.type, { id: idOf('04l', this.#made), recordId: record.id });
    };
  }

  /** Tells nobody any more; what waits is dropped. */
  stop(): void {
    this.#org.watcher = null;
    this.#delivery?.close();
    this.#delivery = null;
  }

  status(): DeliveryStatus {
    return this.#delivery?.status() ?? NOTHING;
  }

  #begin(settings: OutboundSettings): MessageDelivery {
    const now = () => this.#org.clock.now();
    return new MessageDelivery(settings, {
      now,
      compose: (object, notifications) => this.#compose(object, notifications),
    });
  }

  #compose(object: string, notifications: readonly Notification[]): string | null {
    const there = notifications.flatMap(({ id, recordId }) => {
      const record = this.#org.find(recordId);
      return record === undefined ? [] : [{ id, record }];
    });
    if (there.length === 0) return null;
    return soapMessage({ orgId: this.#org.id, actionId: actionOf(object), notifications: there, fields: this.#fields });
  }
}

/** Each object has one message, and it one id. */
function actionOf(object: string): string {
  return idOf('04k', [...object].reduce((sum, character) => sum * 31 + character.charCodeAt(0), 7) % 1_000_000);
}
