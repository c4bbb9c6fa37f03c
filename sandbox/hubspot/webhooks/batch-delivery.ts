// Delivers batches to the target with limited concurrency. Each attempt is signed again; failed
// ones are retried with backoff.
import { type Random, seededRandom } from '../../dataset/random.ts';
import { HttpSender } from '../../webhooks/http-sender.ts';
import type { Timers } from '../../webhooks/timers.ts';
import { type Batch, BatchQueue } from './batch-queue.ts';
import type { WebhookEvent } from './event-formatter.ts';
import { signedHeaders } from './sign-request.ts';
import type { WebhookSettings } from './webhook-settings.ts';

/** "up to 10 times", https://developers.hubspot.com/docs/api/webhooks */
const MAX_RETRIES = 10;
const MAX_ATTEMPTS_LISTED = 1000;

/** One attempt at one batch. */
export interface DeliveryAttempt {
  /** ISO, by the sandbox's clock. */
  readonly at: string;
  /** Null = no response. */
  readonly status: number | null;
  readonly events: number;
  readonly attempt: number;
}

/**
 * Counts events, duplicates included: `sent` = `delivered` + `failed` (all retries used) +
 * `waiting` (in-flight ones included).
 */
export interface DeliveryStatus {
  readonly sent: number;
  readonly delivered: number;
  readonly failed: number;
  readonly waiting: number;
  /** Requests in flight. */
  readonly inFlight: number;
  /** The last 1,000 attempts. */
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
  readonly #http = new HttpSender();
  readonly #queue: BatchQueue;
  #random: Random;
  #settings: WebhookSettings;
  #sent = 0;
  #delivered = 0;
  #failed = 0;
  #inFlight = 0;
  #attempts: DeliveryAttempt[] = [];
  #isDown = false;
  #isClosed = false;
  #cancelRecovery = () => {};

  constructor(settings: WebhookSettings, sender: Sender) {
    this.#settings = settings;
    this.#sender = sender;
    this.#random = seededRandom(settings.seed);
    this.#queue = new BatchQueue(settings, sender.timers, () => this.#sendMore());
  }

  /** Applies to waiting events, too. */
  configure(settings: WebhookSettings): void {
    this.#settings = settings;
    this.#random = seededRandom(settings.seed);
    this.#queue.configure(settings);
    this.#sendMore();
  }

  add(events: readonly WebhookEvent[]): void {
    if (events.length > 0) this.#sent += this.#queue.add(events);
  }

  /** No connection to the target succeeds for `ms` milliseconds. */
  startOutage(ms: number): void {
    this.#cancelRecovery();
    this.#isDown = true;
    this.#cancelRecovery = this.#sender.timers.after(ms, () => {
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
      deliveries: this.#attempts.slice(-MAX_ATTEMPTS_LISTED),
    };
  }

  /** Aborts requests in flight and discards waiting events. */
  close(): void {
    this.#isClosed = true;
    this.#http.close();
  }

  #sendMore(): void {
    while (!this.#isClosed && this.#inFlight < this.#settings.maxConcurrentRequests) {
      const batch = this.#queue.dequeue();
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
    this.#recordAttempt({ at: new Date(at).toISOString(), status, events: events.length, attempt });
    if (status !== null && status >= 200 && status < 300) this.#delivered += events.length;
    else this.#retry(batch);
    this.#sendMore();
  }

  async #post({ events, attempt }: Batch, at: number): Promise<number | null> {
    const { targetUrl: url, timeoutMs } = this.#settings;
    const payload = attempt === 0 ? events : events.map((event) => ({ ...event, attemptNumber: attempt }));
    const body = JSON.stringify(payload);
    const headers = signedHeaders(this.#sender.clientSecret, url.href, body, at);
    return (await this.#http.send({ url, headers, body, timeoutMs }))?.status ?? null;
  }

  #retry(batch: Batch): void {
    if (batch.attempt === MAX_RETRIES) {
      this.#failed += batch.events.length;
      return;
    }
    const wait = this.#settings.retryMs * 2 ** batch.attempt * (0.5 + this.#random.next());
    batch.attempt += 1;
    this.#sender.timers.after(wait, () => {
      this.#queue.requeue(batch);
      this.#sendMore();
    });
  }

  #recordAttempt(attempt: DeliveryAttempt): void {
    this.#attempts.push(attempt);
    if (this.#attempts.length > 2 * MAX_ATTEMPTS_LISTED) this.#attempts = this.#attempts.slice(-MAX_ATTEMPTS_LISTED);
  }
}
