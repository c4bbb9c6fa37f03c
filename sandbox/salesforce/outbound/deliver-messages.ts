// The delivery of outbound messages: up to 100 notifications of one object each, a few under way at a time, each repeated with growing waits
// until it is acknowledged, for 24 hours. A repeated one carries the latest values.
import { type Random, seededRandom, shuffled } from '../../dataset/random.ts';
import { HttpSender } from '../../webhooks/http-sender.ts';
import { Timers } from '../../webhooks/timers.ts';
import type { OutboundSettings } from './outbound-settings.ts';
import { isAcknowledged } from './soap-message.ts';

const MOST_NOTIFICATIONS = 100;
const KEPT_MS = 86_400_000;
// About 30 seconds to about two hours.
const LONGEST_WAIT = 240;
const REMEMBERED = 100;
const HEADERS = { 'Content-Type': 'text/xml; charset=utf-8', SOAPAction: '""' };

export interface Notification {
  readonly id: string;
  readonly recordId: string;
}

interface Message {
  readonly object: string;
  readonly notifications: readonly Notification[];
  /** Epoch ms, by the sandbox's clock: when its first notification was made. */
  readonly since: number;
  readonly attempts: number;
}

interface Delivery {
  /** ISO, by the sandbox's clock. */
  readonly at: string;
  readonly object: string;
  readonly notifications: readonly string[];
  readonly attempt: number;
  /** Null: no answer in time. */
  readonly status: number | null;
  readonly acknowledged: boolean;
}

export interface DeliveryStatus {
  /** Attempts, each of one message. */
  readonly sent: number;
  /** Messages that were acknowledged, and attempts that were not. */
  readonly delivered: number;
  readonly failed: number;
  /** Messages that were given up after 24 hours. */
  readonly dropped: number;
  /** Notifications that are neither acknowledged nor under way. */
  readonly waiting: number;
  /** Messages under way. */
  readonly inFlight: number;
  /** The last 100, oldest first. */
  readonly deliveries: readonly Delivery[];
}

interface Sender {
  /** Epoch ms, by the sandbox's clock. */
  readonly now: () => number;
  /** The document, with what the records hold now; null: none of them is there any more. */
  readonly compose: (object: string, notifications: readonly Notification[]) => string | null;
}

export class MessageDelivery {
  #settings: OutboundSettings;
  #random: Random;
  readonly #sender: Sender;
  readonly #poster = new HttpSender();
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

  /** What waits goes where these say. */
  change(settings: OutboundSettings): void {
    this.#settings = settings;
    this.#random = seededRandom(settings.seed);
  }

  add(object: string, notification: Notification): void {
    const pending = this.#pending.get(object) ?? [];
    this.#pending.set(object, pending);
    pending.push({ ...notification, since: this.#sender.now() });
    // What one transaction saves goes together.
    if (pending.length === 1) this.#timers.after(0, () => this.#pump());
  }

  status(): DeliveryStatus {
    const messages = [...this.#due, ...this.#delayed];
    const repeated = messages.reduce((sum, { notifications }) => sum + notifications.length, 0);
    const pending = [...this.#pending.values()].reduce((sum, { length }) => sum + length, 0);
    return { ...this.#counts, waiting: repeated + pending, deliveries: [...this.#deliveries] };
  }

  /** Breaks off what is under way, and drops what waits. */
  close(): void {
    this.#isClosed = true;
    this.#poster.close();
    this.#timers.close();
  }

  #pump(): void {
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
    const message = this.#gather();
    // Its double comes behind it.
    if (message !== null && this.#random.chance(this.#settings.duplicates)) this.#due.push(message);
    return message;
  }

  /** A new message of what has not been in one. */
  #gather(): Message | null {
    const [found] = [...this.#pending].filter(([, { length }]) => length > 0);
    if (found === undefined) return null;
    const [object, inOrder] = found;
    const pending = this.#settings.disorder ? shuffled(inOrder, this.#random.between(0, 0xffffffff)) : inOrder;
    const notifications = pending.splice(0, MOST_NOTIFICATIONS);
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
    const answer = await this.#poster.send({ url, headers: HEADERS, body, timeoutMs });
    if (this.#isClosed) return;
    this.#counts.inFlight -= 1;
    const acknowledged = answer !== null && isAcknowledged(answer);
    const ids = notifications.map(({ id }) => id);
    this.#note({ at, object, notifications: ids, attempt: attempts + 1, status: answer?.status ?? null, acknowledged });
    if (acknowledged) this.#counts.delivered += 1;
    else this.#repeat({ ...message, attempts: attempts + 1 });
    this.#pump();
  }

  #repeat(message: Message): void {
    this.#counts.failed += 1;
    this.#delayed.add(message);
    const wait = this.#settings.retryMs * Math.min(LONGEST_WAIT, 2 ** (message.attempts - 1));
    this.#timers.after(wait, () => {
      this.#delayed.delete(message);
      if (this.#sender.now() - message.since >= KEPT_MS) this.#counts.dropped += 1;
      else this.#due.push(message);
      this.#pump();
    });
  }

  #note(delivery: Delivery): void {
    this.#deliveries.push(delivery);
    if (this.#deliveries.length > REMEMBERED) this.#deliveries.shift();
  }
}
