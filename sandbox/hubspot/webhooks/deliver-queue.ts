// Gathers events into batches: up to 100 at a time, after a moment's wait at most; in disorder and twice where that is wanted.
import { type Random, seededRandom, shuffled } from '../../dataset/random.ts';
import type { Timers } from '../../webhooks/timers.ts';
import type { WebhookEvent } from './event-formatter.ts';
import type { WebhookSettings } from './webhook-settings.ts';

/** https://developers.hubspot.com/docs/api/webhooks */
const MOST_EVENTS = 100;
/** How long an event waits for others. */
const GATHER_MS = 25;

export interface Batch {
  readonly events: readonly WebhookEvent[];
  /** 0: delivered for the first time. */
  attempt: number;
}

type Way = Pick<WebhookSettings, 'disorder' | 'duplicates' | 'seed'>;

export class BatchQueue {
  readonly #timers: Timers;
  readonly #cut: () => void;
  #way: Way;
  #random: Random;
  /** To be put in a batch. */
  #gathered: WebhookEvent[] = [];
  /** Delivered a second time, in a later batch. */
  #again: WebhookEvent[] = [];
  #isCutting = false;
  #ready: Batch[] = [];

  /** @param cut called when there are batches */
  constructor(way: Way, timers: Timers, cut: () => void) {
    this.#way = way;
    this.#random = seededRandom(way.seed);
    this.#timers = timers;
    this.#cut = cut;
  }

  /** From now on. */
  change(way: Way): void {
    this.#way = way;
    this.#random = seededRandom(way.seed);
  }

  /** @returns how many deliveries of events that makes */
  add(events: readonly WebhookEvent[]): number {
    const twice = events.filter(() => this.#random.chance(this.#way.duplicates));
    for (const event of events) this.#gathered.push(event);
    for (const event of twice) this.#again.push(event);
    if (this.#gathered.length > 0) this.#cutSoon();
    // In disorder, events must meet to change places.
    if (!this.#way.disorder && this.#gathered.length >= MOST_EVENTS) this.#cutBatches(false);
    return events.length + twice.length;
  }

  /** One that was not accepted, to be tried again. */
  putBack(batch: Batch): void {
    this.#ready.push(batch);
  }

  take(): Batch | undefined {
    if (!this.#way.disorder) return this.#ready.shift();
    const at = this.#random.between(0, this.#ready.length - 1);
    const last = this.#ready.pop();
    if (last === undefined || at >= this.#ready.length) return last;
    const taken = this.#ready[at];
    this.#ready[at] = last;
    return taken;
  }

  #cutSoon(): void {
    if (this.#isCutting) return;
    this.#isCutting = true;
    this.#timers.after(GATHER_MS, () => {
      this.#isCutting = false;
      this.#cutBatches(true);
    });
  }

  /** @param all also what makes no whole batch */
  #cutBatches(all: boolean): void {
    const { disorder } = this.#way;
    const events = disorder ? shuffled(this.#gathered, this.#random.between(0, 0xffffffff)) : this.#gathered;
    const end = all ? events.length : events.length - (events.length % MOST_EVENTS);
    for (let at = 0; at < end; at += MOST_EVENTS) {
      this.#ready.push({ events: events.slice(at, Math.min(at + MOST_EVENTS, end)), attempt: 0 });
    }
    this.#gathered = [...this.#again, ...events.slice(end)];
    this.#again = [];
    if (this.#gathered.length > 0) this.#cutSoon();
    this.#cut();
  }
}
