// The history of a counter: the versions of its property, in order and grouped by instant. Pure.

/** One version of a property. */
export interface Version {
  readonly value: string | null;
  /** Epoch ms. */
  readonly at: number;
  readonly sourceType: string | null;
}

/** All versions of one instant. */
export interface Moment {
  readonly at: number;
  /** The value reached by counting. */
  readonly counted: number | null;
  /** A value that a merge set: counting continues from it. */
  readonly base: number | null;
}

// A shorter history is complete. A contact stores at least 20 versions; an export shows 45.
export const MIN_STORED_VERSIONS = 20;

// The count of a merged contact may also be set later, and by any source. As most merged contacts
// have counted nothing, a change more than a day after the merge is taken for an action of the
// person.
const MERGE_EFFECT_MS = 86_400_000;
// The properties of a merge are written one after the other.
const SAME_MERGE_MS = 60_000;

// The value that a merge sets counts the events of both contacts, which their activity logs already
// contain.
const MERGES: ReadonlySet<string> = new Set(['MERGE_CONTACTS', 'MERGE_OBJECTS']);

/**
 * @param history in any order
 * @param merges when other contacts were merged into the contact (epoch ms)
 */
export function momentsOf(
  history: readonly Version[],
  merges: readonly number[],
): { moments: readonly Moment[]; problems: readonly string[] } {
  const problems: string[] = [];
  const counts = history.flatMap(({ value, at, sourceType }) => {
    const count = parseCount(value);
    if (count === null) problems.push(`the version of ${new Date(at).toISOString()} is not a valid count`);
    return count === null ? [] : [{ at, count, isMerge: MERGES.has(sourceType ?? '') }];
  });
  const moments = [...Map.groupBy(counts, ({ at }) => at)].map(([at, versions]) => ({
    at,
    counted: largest(versions.filter(({ isMerge }) => !isMerge)),
    base: largest(versions.filter(({ isMerge }) => isMerge)),
  }));
  return {
    moments: withMerges(
      moments.toSorted((a, b) => a.at - b.at),
      merges,
    ),
    problems,
  };
}

/** Of several values of one instant the largest one was reached. */
function largest(versions: readonly { readonly count: number }[]): number | null {
  return versions.length === 0 ? null : Math.max(...versions.map(({ count }) => count));
}

/**
 * The first step within a day after a merge becomes a base, unless the merge itself has set one.
 */
function withMerges(moments: readonly Moment[], merges: readonly number[]): readonly Moment[] {
  const jumps = merges.flatMap((merge) => {
    const hasBase = moments.some(({ at, base }) => base !== null && at < merge && at >= merge - SAME_MERGE_MS);
    const next = moments.find(({ at }) => at >= merge);
    return hasBase || next === undefined || next.at >= merge + MERGE_EFFECT_MS ? [] : [next.at];
  });
  return moments.map((moment) => {
    const isJump = moment.base === null && jumps.includes(moment.at);
    return isJump ? { at: moment.at, counted: null, base: moment.counted } : moment;
  });
}

/** A cleared counter is 0. Null: not a valid count. */
export function parseCount(value: string | null): number | null {
  const count = Number(value ?? '');
  return Number.isSafeInteger(count) && count >= 0 ? count : null;
}

/**
 * The value of a property at an instant: the latest version up to then. Null = no version, or it
 * was cleared.
 */
export function valueAt(history: readonly Version[], at: number): string | null {
  const until = history.filter((version) => version.at <= at);
  const latest = until.reduce<Version | null>((best, version) => {
    return best === null || version.at > best.at ? version : best;
  }, null);
  return latest?.value ?? null;
}
