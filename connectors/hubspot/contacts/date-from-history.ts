// Dates the events that a counter counts by the counter's own history: a step from 5 to 7 is two
// events at the instant of the step. Pure: the same history gives the same events under the same
// numbers, whether it is read at once or in many polls.
//
// HubSpot stores only the latest versions of a value. Events before them get a number but no date,
// so they are not returned.
import type { DatedCounter, StoredCounterPosition } from '../../../src/crm/connector.ts';
import { MIN_STORED_VERSIONS, type Moment, momentsOf, type Version } from './counter-history.ts';

export interface CounterEvent {
  readonly number: number;
  /** Epoch ms. */
  readonly at: number;
  /**
   * The last event of its step: HubSpot's properties of "the latest" page or form describe this
   * one.
   */
  readonly isLatest: boolean;
}

export interface CounterDating {
  readonly events: readonly CounterEvent[];
  readonly dated: DatedCounter;
  /** Versions that are not valid counts; they are skipped. */
  readonly problems: readonly string[];
}

// A larger step is an automatic process or an import. Its latest events are enough for any score.
export const MAX_EVENTS_PER_STEP = 200;

interface Step {
  readonly at: number;
  /** The numbers of its first and last event. */
  readonly first: number;
  readonly last: number;
}

/**
 * The value of the counter, and the number of its last event. They differ after a merge or a fall.
 */
interface Position {
  readonly value: number;
  readonly lastNumber: number;
}

interface Walk extends Position {
  readonly steps: readonly Step[];
}

interface Dating extends Omit<StoredCounterPosition, 'counter'> {
  /** When other contacts were merged into the contact (epoch ms). */
  readonly merges: readonly number[];
}

/** @param history in any order */
export function dateCounter(history: readonly Version[], { dated, from, redate, merges }: Dating): CounterDating {
  const { moments, problems } = momentsOf(history, merges);
  // The first version of a complete history is a step from 0.
  const isComplete = history.length < MIN_STORED_VERSIONS;
  const origin = isComplete ? { value: 0, lastNumber: 0 } : truncatedOrigin(moments[0]);
  if (dated === null || dated.datedAt === null) {
    const { steps, value, lastNumber } = walk(moments, origin);
    return {
      events: eventsOf(steps, from),
      dated: { value, lastNumber, datedAt: moments.at(-1)?.at ?? null },
      problems,
    };
  }
  const known = { ...dated, datedAt: dated.datedAt };
  const past = moments.filter(({ at }) => at <= known.datedAt);
  const fresh = moments.flatMap((moment) => undatedPart(moment, known));
  const start = past.length > 0 || isComplete ? known : positionAfterGap(known, fresh[0]);
  const { steps, value, lastNumber } = walk(fresh, start);
  const returned = redate ? [...renumber(walk(past, origin), known.lastNumber), ...steps] : steps;
  return {
    events: eventsOf(returned, from),
    dated: { value, lastNumber, datedAt: fresh.at(-1)?.at ?? known.datedAt },
    problems,
  };
}

/** The start of a truncated history: all events up to its first version have numbers. */
function truncatedOrigin(first: Moment | undefined): Position {
  const value = first?.counted ?? first?.base ?? 0;
  return { value, lastNumber: value };
}

/** The part of a moment that was not dated yet. */
function undatedPart({ at, counted, base }: Moment, known: { datedAt: number; value: number }): Moment[] {
  if (at > known.datedAt) return [{ at, counted, base }];
  if (at < known.datedAt || base === known.value) return [];
  const more = counted !== null && counted > known.value ? counted : null;
  return more === null && base === null ? [] : [{ at, counted: more, base }];
}

/** Events between the last dated step and the first stored version get numbers but no dates. */
function positionAfterGap(known: Position, first: Moment | undefined): Position {
  const value = first?.counted ?? null;
  return value === null ? known : { value, lastNumber: known.lastNumber + Math.max(0, value - known.value) };
}

function walk(moments: readonly Moment[], start: Position): Walk {
  const steps: Step[] = [];
  let { value, lastNumber } = start;
  for (const { at, counted, base } of moments) {
    if (counted !== null && counted > value) {
      steps.push({ at, first: lastNumber + 1, last: lastNumber + counted - value });
      lastNumber += counted - value;
    }
    // After a fall the count continues from the lower value, and the numbers continue from the last
    // number.
    value = base ?? counted ?? value;
  }
  return { steps, value, lastNumber };
}

/**
 * The steps with the numbers that they got when they were first dated; the last one was
 * `lastNumber`.
 */
function renumber(walked: Walk, lastNumber: number): Step[] {
  const shift = lastNumber - walked.lastNumber;
  return walked.steps.map((step) => ({ at: step.at, first: step.first + shift, last: step.last + shift }));
}

function eventsOf(steps: readonly Step[], from: number | null): CounterEvent[] {
  return steps
    .filter(({ at }) => from === null || at > from)
    .flatMap(({ at, first, last }) => {
      const start = Math.max(1, first, last - MAX_EVENTS_PER_STEP + 1);
      return Array.from({ length: Math.max(0, last - start + 1) }, (_, index) => {
        return { number: start + index, at, isLatest: start + index === last };
      });
    });
}
