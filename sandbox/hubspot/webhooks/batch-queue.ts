// Collects events into batches of up to 100. On request it shuffles events and batches, and sends
// events twice.
import { type Random, seededRandom, shuffled } from '../../dataset/random.ts';
import type { Timers } from '../../webhooks/timers.ts';
import type { WebhookEvent } from './event-formatter.ts';
import type { WebhookSettings } from './webhook-settings.ts';

/** https://developers.hubspot.com/docs/api/webhooks */
const MAX_EVENTS = 100;
/** How long an event waits for a full batch. */
const BATCH_WAIT_MS = 25;

export interface Batch {
  readonly events: readonly WebhookEvent[];
  /** 0 = first delivery. */
  attempt: number;
}

type BatchOptions = Pick<WebhookSettings, 'disorder' | 'duplicates' | 'seed'>;

export class BatchQueue {
  readonly #timers: Timers;
  readonly #onBatches: () => void;
  #options: BatchOptions;
  #random: Random;
  /** Events that are in no batch yet. */
  #pending: WebhookEvent[] = [];
  /** Events to send again in a later batch. */
  #duplicates: WebhookEvent[] = [];
  #isFlushScheduled = false;
  #ready: Batch[] = [];

  /** @param onBatches called when batches are ready */
  constructor(options: BatchOptions, timers: Timers, onBatches: () => void) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#timers = timers;
    this.#onBatches = onBatches;
  }

  configure(options: BatchOptions): void {
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  /** @returns the number of events to deliver, duplicates included */
  add(events: readonly WebhookEvent[]): number {
    const duplicates = events.filter(() => this.#random.chance(this.#options.duplicates));
    for (const event of events) this.#pending.push(event);
    for (const event of duplicates) this.#duplicates.push(event);
    if (this.#pending.length > 0) this.#scheduleFlush();
    // With disorder, events wait for the flush: only events that are pending together can change
    // places.
    if (!this.#options.disorder && this.#pending.length >= MAX_EVENTS) this.#flush(false);
    return events.length + duplicates.length;
  }

  /** Queues a batch for a retry. */
  requeue(batch: Batch): void {
    this.#ready.push(batch);
  }

  dequeue(): Batch | undefined {
    if (!this.#options.disorder) return this.#ready.shift();
    const at = this.#random.between(0, this.#ready.length - 1);
    const last = this.#ready.pop();
    if (last === undefined || at >= this.#ready.length) return last;
    const chosen = this.#ready[at];
    this.#ready[at] = last;
    return chosen;
  }

  #scheduleFlush(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    this.#timers.after(BATCH_WAIT_MS, () => {
      this.#isFlushScheduled = false;
      this.#flush(true);
    });
  }

  /** @param all includes an incomplete batch */
  #flush(all: boolean): void {
    const { disorder } = this.#options;
    const events = disorder ? shuffled(this.#pending, this.#random.between(0, 0xffffffff)) : this.#pending;
    const end = all ? events.length : events.length - (events.length % MAX_EVENTS);
    for (let at = 0; at < end; at += MAX_EVENTS) {
      this.#ready.push({ events: events.slice(at, Math.min(at + MAX_EVENTS, end)), attempt: 0 });
    }
    this.#pending = [...this.#duplicates, ...events.slice(end)];
    this.#duplicates = [];
    if (this.#pending.length > 0) this.#scheduleFlush();
    this.#onBatches();
  }
}
