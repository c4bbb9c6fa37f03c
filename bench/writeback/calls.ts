// How much of a rate limit the calls used that the sandbox received.
import type { LoggedCall } from '../../cli/demo/sandbox-log.ts';

/** HubSpot's limit of a portal: calls in any window. */
export interface RateLimit {
  readonly calls: number;
  readonly windowMs: number;
}

export interface LimitUse {
  /** Share of the calls that the limit allows, in the whole time; null = too short a time. */
  readonly share: number | null;
  /** Of the window with the fewest calls. */
  readonly lowestShare: number | null;
  /** Calls in the fullest window. */
  readonly maxInWindow: number;
}

/**
 * The first window is left out of the shares: the burst at its beginning counts for one window, however long the backlog is.
 * @param calls in order of arrival, without the last, partial batches
 */
export function useOfLimit(calls: readonly LoggedCall[], { calls: limit, windowMs }: RateLimit): LimitUse {
  const times = calls.map(({ at }) => at.getTime());
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const within = (from: number) => times.filter((at) => at >= from && at < from + windowMs).length;
  const windows = times.filter((at) => at >= first + windowMs && at + windowMs <= last).map(within);
  const later = times.filter((at) => at >= first + windowMs);
  const seconds = last - first - windowMs;
  return {
    share: seconds < windowMs ? null : (later.length - 1) / ((limit * seconds) / windowMs),
    lowestShare: windows.length === 0 ? null : Math.min(...windows) / limit,
    maxInWindow: Math.max(0, ...times.map(within)),
  };
}
