// Delivers batches to the target: so many requests at a time, signed anew at each attempt, tried again after a growing wait.
import { type Random, seededRandom } from '../../dataset/random.ts';
import { HttpSender } from '../../webhooks/http-sender.ts';
import type { Timers } from '../../webhooks/timers.ts';
import { type Batch, BatchQueue } from './deliver-queue.ts';
import type { WebhookEvent } from './event-formatter.ts';
import { signedHeaders } from './sign-request.ts';
import type { WebhookSettings } from './webhook-settings.ts';

/** "up to 10 times", https://developers.hubspot.com/docs/api/webhooks */
const MOST_REPEATS = 10;
const DELIVERIES_KEPT = 1000;

/** One attempt at one batch. */
export interface DeliveryAttempt {
  /** ISO, by the sandbox's clock. */
  readonly at: string;
  /** Null: no answer. */
  readonly status: number | null;
  readonly events: number;
  readonly attempt: number;
}

/** `sent` (events, duplicates included) = `delivered` + `failed` (given up) + `waiting` (under way included). */
export interface DeliveryStatus {
  readonly sent: number;
  readonly delivered: number;
  readonly failed: number;
  readonly waiting: number;
  /** Requests under way. */
  readonly inFlight: number;
  readonly deliveries: readonly DeliveryAttempt[];
}

interface Sender {
  readonly clientSecret: string;
  readonly timers: Timers;
  /** Epoch ms. */
  now(): number;
}

export class BatchDelivery {
  readonly #sender: Sender;
  readonly #poster = new HttpSender();
  readonly #queue: BatchQueue;
  #random: Random;
  #settings: WebhookSettings;
  #sent = 0;
  #delivered = 0;
  #failed = 0;
  #inFlight = 0;
  #notes: DeliveryAttempt[] = [];
  #isDown = false;
  #isClosed = false;
  #callOffRecovery = () => {};

  constructor(settings: WebhookSettings, sender: Sender) {
    this.#settings = settings;
    this.#sender = sender;
    this.#random = seededRandom(settings.seed);
    this.#queue = new BatchQueue(settings, sender.timers, () => this.#sendMore());
  }

  /** From now on; what waits goes to the new target, too. */
  change(settings: WebhookSettings): void {
    this.#settings = settings;
    this.#random = seededRandom(settings.seed);
    this.#queue.change(settings);
    this.#sendMore();
  }

  add(events: readonly WebhookEvent[]): void {
    if (events.length > 0) this.#sent += this.#queue.add(events);
  }

  /** For so long no connection comes about. */
  breakDown(ms: number): void {
    this.#callOffRecovery();
    this.#isDown = true;
    this.#callOffRecovery = this.#sender.timers.after(ms, () => {
      this.#isDown = false;
    });
  }

  status(): DeliveryStatus {
    const [sent, delivered, failed] = [this.#sent, this.#delivered, this.#failed];
    const waiting = sent - delivered - failed;
    return {
      sent,
      delivered,
      failed,
      waiting,
      inFlight: this.#inFlight,
      deliveries: this.#notes.slice(-DELIVERIES_KEPT),
    };
  }

  /** At once: requests under way are broken off, and what waits is dropped. */
  close(): void {
    this.#isClosed = true;
    this.#poster.close();
  }

  #sendMore(): void {
    while (!this.#isClosed && this.#inFlight < this.#settings.maxConcurrentRequests) {
      const batch = this.#queue.take();
      if (batch === undefined) return;
      this.#inFlight += 1;
      void this.#deliver(batch);
    }
  }

  /** Never rejects. */
  async #deliver(batch: Batch): Promise<void> {
    const at = this.#sender.now();
    const status = this.#isDown ? await null : await this.#post(batch, at);
    this.#inFlight -= 1;
    if (this.#isClosed) return;
    const { events, attempt } = batch;
    this.#note({ at: new Date(at).toISOString(), status, events: events.length, attempt });
    if (status !== null && status >= 200 && status < 300) this.#delivered += events.length;
    else this.#tryAgain(batch);
    this.#sendMore();
  }

  async #post({ events, attempt }: Batch, at: number): Promise<number | null> {
    const { targetUrl: url, timeoutMs } = this.#settings;
    const told = attempt === 0 ? events : events.map((event) => ({ ...event, attemptNumber: attempt }));
    const body = JSON.stringify(told);
    const headers = signedHeaders(this.#sender.clientSecret, url.href, body, at);
    return (await this.#poster.send({ url, headers, body, timeoutMs }))?.status ?? null;
  }

  #tryAgain(batch: Batch): void {
    if (batch.attempt === MOST_REPEATS) {
      this.#failed += batch.events.length;
      return;
    }
    const wait = this.#settings.retryMs * 2 ** batch.attempt * (0.5 + this.#random.next());
    batch.attempt += 1;
    this.#sender.timers.after(wait, () => {
      this.#queue.putBack(batch);
      this.#sendMore();
    });
  }

  #note(note: DeliveryAttempt): void {
    this.#notes.push(note);
    if (this.#notes.length > 2 * DELIVERIES_KEPT) this.#notes = this.#notes.slice(-DELIVERIES_KEPT);
  }
}
