// Delivers outbound messages of up to 100 notifications of one object, with limited concurrency. A
// message is retried with backoff until it is acknowledged, for 24 hours; each retry has the latest
// values.
import { type Random, seededRandom, shuffled } from '../../dataset/random.ts';
import { HttpSender } from '../../webhooks/http-sender.ts';
import { Timers } from '../../webhooks/timers.ts';
import type { OutboundSettings } from './outbound-settings.ts';
import { isAcknowledged } from './soap-message.ts';

const MAX_NOTIFICATIONS = 100;
const RETRY_FOR_MS = 86_400_000;
// Waits grow from about 30 seconds to about two hours.
const MAX_WAIT_FACTOR = 240;
const MAX_DELIVERIES_LISTED = 100;
const HEADERS = { 'Content-Type': 'text/xml; charset=utf-8', SOAPAction: '""' };

export interface Notification {
  readonly id: string;
  readonly recordId: string;
}

interface Message {
  readonly object: string;
  readonly notifications: readonly Notification[];
  /** When its first notification was created; epoch ms, by the sandbox's clock. */
  readonly since: number;
  readonly attempts: number;
}

interface Delivery {
  /** ISO, by the sandbox's clock. */
  readonly at: string;
  readonly object: string;
  readonly notifications: readonly string[];
  readonly attempt: number;
  /** Null = no response in time. */
  readonly status: number | null;
  readonly acknowledged: boolean;
}

export interface DeliveryStatus {
  /** Attempts; each sends one message. */
  readonly sent: number;
  /** Acknowledged messages. */
  readonly delivered: number;
  /** Attempts without an acknowledgment. */
  readonly failed: number;
  /** Messages that expired after 24 hours. */
  readonly dropped: number;
  /** Notifications that are neither acknowledged nor in flight. */
  readonly waiting: number;
  /** Messages in flight. */
  readonly inFlight: number;
  /** The last 100 attempts, oldest first. */
  readonly deliveries: readonly Delivery[];
}

interface Sender {
  /** Epoch ms, by the sandbox's clock. */
  readonly now: () => number;
  /**
   * The XML document with the present values of the records; null if none of them exists any more.
   */
  readonly compose: (object: string, notifications: readonly Notification[]) => string | null;
}

export class MessageDelivery {
  #settings: OutboundSettings;
  #random: Random;
  readonly #sender: Sender;
  readonly #http = new HttpSender();
  readonly #timers = new Timers();
  #isClosed = false;
  readonly #pending = new Map<string, (Notification & { readonly since: number })[]>();
  readonly #due: Message[] = [];
  readonly #delayed = new Set<Message>();
  readonly #counts = { sent: 0, delivered: 0, failed: 0, dropped: 0, inFlight: 0 };
  readonly #deliveries: Delivery[] = [];

  constructor(settings: OutboundSettings, sender: Sender) {
    this.#settings = settings;
    this.#random = seededRandom(settings.seed);
    this.#sender = sender;
  }

  /** Applies to waiting messages, too. */
  configure(settings: OutboundSettings): void {
    this.#settings = settings;
    this.#random = seededRandom(settings.seed);
  }

  add(object: string, notification: Notification): void {
    const pending = this.#pending.get(object) ?? [];
    this.#pending.set(object, pending);
    pending.push({ ...notification, since: this.#sender.now() });
    // The timer of 0 ms collects the notifications of one transaction.
    if (pending.length === 1) this.#timers.after(0, () => this.#sendMore());
  }

  status(): DeliveryStatus {
    const messages = [...this.#due, ...this.#delayed];
    const retried = messages.reduce((sum, { notifications }) => sum + notifications.length, 0);
    const pending = [...this.#pending.values()].reduce((sum, { length }) => sum + length, 0);
    return { ...this.#counts, waiting: retried + pending, deliveries: [...this.#deliveries] };
  }

  /** Aborts requests in flight and discards waiting messages. */
  close(): void {
    this.#isClosed = true;
    this.#http.close();
    this.#timers.close();
  }

  #sendMore(): void {
    while (!this.#isClosed && this.#counts.inFlight < this.#settings.maxConcurrentRequests) {
      const message = this.#next();
      if (message === null) return;
      void this.#deliver(message);
    }
  }

  #next(): Message | null {
    if (this.#due.length > 0) {
      const at = this.#settings.disorder ? this.#random.between(0, this.#due.length - 1) : 0;
      return this.#due.splice(at, 1)[0] ?? null;
    }
    const message = this.#newMessage();
    // The duplicate is sent after it.
    if (message !== null && this.#random.chance(this.#settings.duplicates)) this.#due.push(message);
    return message;
  }

  /** A new message with pending notifications of one object; null if none are pending. */
  #newMessage(): Message | null {
    const [next] = [...this.#pending].filter(([, { length }]) => length > 0);
    if (next === undefined) return null;
    const [object, inOrder] = next;
    const pending = this.#settings.disorder ? shuffled(inOrder, this.#random.between(0, 0xffffffff)) : inOrder;
    const notifications = pending.splice(0, MAX_NOTIFICATIONS);
    this.#pending.set(object, pending);
    const since = Math.min(...notifications.map((each) => each.since));
    return { object, notifications, since, attempts: 0 };
  }

  async #deliver(message: Message): Promise<void> {
    const { object, notifications, attempts } = message;
    const body = this.#sender.compose(object, notifications);
    if (body === null) return;
    this.#counts.inFlight += 1;
    this.#counts.sent += 1;
    const at = new Date(this.#sender.now()).toISOString();
    const { targetUrl: url, timeoutMs } = this.#settings;
    const response = await this.#http.send({ url, headers: HEADERS, body, timeoutMs });
    if (this.#isClosed) return;
    this.#counts.inFlight -= 1;
    const acknowledged = response !== null && isAcknowledged(response);
    const ids = notifications.map(({ id }) => id);
    this.#recordDelivery({
      at,
      object,
      notifications: ids,
      attempt: attempts + 1,
      status: response?.status ?? null,
      acknowledged,
    });
    if (acknowledged) this.#counts.delivered += 1;
    else this.#retry({ ...message, attempts: attempts + 1 });
    this.#sendMore();
  }

  #retry(message: Message): void {
    this.#counts.failed += 1;
    this.#delayed.add(message);
    const wait = this.#settings.retryMs * Math.min(MAX_WAIT_FACTOR, 2 ** (message.attempts - 1));
    this.#timers.after(wait, () => {
      this.#delayed.delete(message);
      if (this.#sender.now() - message.since >= RETRY_FOR_MS) this.#counts.dropped += 1;
      else this.#due.push(message);
      this.#sendMore();
    });
  }

  #recordDelivery(delivery: Delivery): void {
    this.#deliveries.push(delivery);
    if (this.#deliveries.length > MAX_DELIVERIES_LISTED) this.#deliveries.shift();
  }
}
