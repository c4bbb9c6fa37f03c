// When each thing that a counter counts happened, told by the counter's own history: a step from 5 to 7 is two things at the
// instant of the step. Pure: the same history, read at once or in many polls, gives the same things under the same numbers.
//
// HubSpot keeps only the latest versions of a value. What lies before them can be numbered, and not dated: it is not shown.
import type { DatedCounter, StoredCounterPosition } from '../../../src/crm/connector.ts';

/** One version of a property, as HubSpot keeps it. */
export interface Version {
  readonly value: string | null;
  /** Epoch ms. */
  readonly at: number;
  readonly sourceType: string | null;
}

export interface CounterEvent {
  readonly n: number;
  readonly at: number;
  /** The last of its step: what HubSpot says of "the latest" page or form is about this one. */
  readonly latest: boolean;
}

export interface CounterDating {
  readonly things: readonly CounterEvent[];
  readonly dated: DatedCounter;
  /** Versions that are no counts; they are passed over. */
  readonly problems: readonly string[];
}

// From this many versions on there may have been more: contacts keep 20 at least, an export shows 45.
export const MOST_VERSIONS = 20;

// A step of more than that is a machine at work, or an import. The latest of them are enough for any score.
export const MOST_OF_A_STEP = 200;

// A merge may also show as a count anew, later and from any source. Those that were merged have mostly counted nothing: after
// a day what moves is taken for what somebody did.
const COUNTED_ANEW_MS = 86_400_000;
// The properties of a merge are written one after the other.
const SAME_MERGE_MS = 60_000;

// The value that a merge gives a contact counts what two contacts did: the ledger of each has it already.
const MERGES: ReadonlySet<string> = new Set(['MERGE_CONTACTS', 'MERGE_OBJECTS']);

/** All versions of one instant: what was counted by then, and where the count begins anew. */
interface Moment {
  readonly at: number;
  readonly counted: number | null;
  readonly base: number | null;
}

interface Step {
  readonly at: number;
  /** Numbers of its things. */
  readonly first: number;
  readonly last: number;
}

interface Walk {
  readonly steps: readonly Step[];
  readonly value: number;
  readonly n: number;
}

interface Dating extends Omit<StoredCounterPosition, 'counter'> {
  /** When the contact took over others (epoch ms). */
  readonly merges: readonly number[];
}

/** @param history in any order */
export function dateCounter(history: readonly Version[], { dated, from, again, merges }: Dating): CounterDating {
  const { moments: told, problems } = momentsOf(history);
  const moments = withMerges(told, merges);
  // As long as nothing was left out the first version is a step from 0.
  const isWhole = history.length < MOST_VERSIONS;
  const origin = isWhole ? { value: 0, n: 0 } : originAt(moments[0]);
  if (dated === null || dated.at === null) {
    const { steps, value, n } = walk(moments, origin);
    return { things: thingsOf(steps, from), dated: { value, n, at: moments.at(-1)?.at ?? null }, problems };
  }
  const known = { ...dated, at: dated.at };
  const past = moments.filter(({ at }) => at <= known.at);
  const fresh = moments.flatMap((moment) => newIn(moment, known));
  const start = past.length > 0 || isWhole ? known : afterGap(known, fresh[0]);
  const { steps, value, n } = walk(fresh, start);
  const shown = again ? [...numberedAs(known.n, walk(past, origin)), ...steps] : steps;
  return { things: thingsOf(shown, from), dated: { value, n, at: fresh.at(-1)?.at ?? known.at }, problems };
}

/** The value that a property had at an instant: of the versions until then, the latest. Null = none, or it was cleared. */
export function valueAt(history: readonly Version[], at: number): string | null {
  const until = history.filter((version) => version.at <= at);
  const latest = until.reduce<Version | null>((best, each) => (best === null || each.at > best.at ? each : best), null);
  return latest?.value ?? null;
}

function momentsOf(history: readonly Version[]): { moments: readonly Moment[]; problems: readonly string[] } {
  const problems: string[] = [];
  const counts = history.flatMap(({ value, at, sourceType }) => {
    const count = countOf(value);
    if (count === null) problems.push(`a version of ${new Date(at).toISOString()} is no count`);
    return count === null ? [] : [{ at, count, isMerge: MERGES.has(sourceType ?? '') }];
  });
  // Of several values of one instant the largest is what was reached.
  const most = (values: readonly number[]) => (values.length === 0 ? null : Math.max(...values));
  const moments = [...Map.groupBy(counts, ({ at }) => at)].map(([at, each]) => ({
    at,
    counted: most(each.filter(({ isMerge }) => !isMerge).map(({ count }) => count)),
    base: most(each.filter(({ isMerge }) => isMerge).map(({ count }) => count)),
  }));
  return { moments: moments.toSorted((a, b) => a.at - b.at), problems };
}

/** The first step within a day after a merge is a base, unless the merge has said its own. */
function withMerges(moments: readonly Moment[], merges: readonly number[]): readonly Moment[] {
  const jumps = merges.flatMap((merge) => {
    const isTold = moments.some(({ at, base }) => base !== null && at < merge && at >= merge - SAME_MERGE_MS);
    const next = moments.find(({ at }) => at >= merge);
    return isTold || next === undefined || next.at >= merge + COUNTED_ANEW_MS ? [] : [next.at];
  });
  return moments.map((moment) => {
    const isJump = moment.base === null && jumps.includes(moment.at);
    return isJump ? { at: moment.at, counted: null, base: moment.counted } : moment;
  });
}

/** A counter that was cleared stands at 0. Null: no count. */
export function countOf(value: string | null): number | null {
  const count = Number(value ?? '');
  return Number.isSafeInteger(count) && count >= 0 ? count : null;
}

/** Where a history begins that was cut: everything up to its first version is numbered. */
function originAt(first: Moment | undefined): { value: number; n: number } {
  const value = first?.counted ?? first?.base ?? 0;
  return { value, n: value };
}

/** What of a moment was not taken yet. */
function newIn({ at, counted, base }: Moment, known: { at: number; value: number }): Moment[] {
  if (at > known.at) return [{ at, counted, base }];
  if (at < known.at || base === known.value) return [];
  const more = counted !== null && counted > known.value ? counted : null;
  return more === null && base === null ? [] : [{ at, counted: more, base }];
}

/** What was counted between the last step taken and the first version that is still kept has a number, and no date. */
function afterGap(known: DatedCounter, first: Moment | undefined): { value: number; n: number } {
  const value = first?.counted ?? null;
  return value === null ? known : { value, n: known.n + Math.max(0, value - known.value) };
}

function walk(moments: readonly Moment[], start: { readonly value: number; readonly n: number }): Walk {
  const steps: Step[] = [];
  let { value, n } = start;
  for (const { at, counted, base } of moments) {
    if (counted !== null && counted > value) {
      steps.push({ at, first: n + 1, last: n + counted - value });
      n += counted - value;
    }
    // After a fall the count goes on from where it fell to; the numbers go on from where they were.
    value = base ?? counted ?? value;
  }
  return { steps, value, n };
}

/** The same steps, with the numbers that they got when they were taken: the last one was `n`. */
function numberedAs(n: number, { steps, n: last }: Walk): Step[] {
  const shift = n - last;
  return steps.map((step) => ({ at: step.at, first: step.first + shift, last: step.last + shift }));
}

function thingsOf(steps: readonly Step[], from: number | null): CounterEvent[] {
  return steps
    .filter(({ at }) => from === null || at > from)
    .flatMap(({ at, first, last }) => {
      const begin = Math.max(1, first, last - MOST_OF_A_STEP + 1);
      return Array.from({ length: Math.max(0, last - begin + 1) }, (_, index) => {
        return { n: begin + index, at, latest: begin + index === last };
      });
    });
}
