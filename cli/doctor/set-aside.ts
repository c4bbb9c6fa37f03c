// Findings about what is set aside: what, since when, why, the fix, and the time of the next
// attempt.
import type { JobContext } from '../../jobs/context.ts';
import { groupSetAside, type SetAsideGroup } from '../../src/store/set-aside/list-set-aside.ts';
import { nameOf } from '../../src/store/set-aside/name-of.ts';
import { listSkippedJobs, type SkippedJob } from '../../src/store/set-aside/unfinished-jobs.ts';
import type { Finding } from './finding.ts';

/** A finding that says that a stream is not read, or an object not written. */
export interface SetAsideFinding extends Finding {
  /** The `what` of findings that would contradict it; empty: none. */
  readonly replaces: readonly string[];
}

/** Things of one stream and code are one finding. */
export async function setAsideFindings({
  db,
  crms,
}: Pick<JobContext, 'db' | 'crms'>): Promise<readonly SetAsideFinding[]> {
  const [groups, jobs] = [await groupSetAside(db, [...crms.keys()]), await listSkippedJobs(db, [...crms.keys()])];
  return [...groups.map(toFinding), ...jobs.map(toJobFinding)];
}

function toJobFinding({ job, crm, starts, startedAt, retryAt }: SkippedJob): SetAsideFinding {
  const name = crm === null ? job : `${job} of ${crm}`;
  const next = `next attempt at ${retryAt.toISOString()}, or now: npx leadgrade errors retry`;
  return {
    part: 'leadgrade',
    what: `job ${job}`,
    level: 'problem',
    detail: `${name} is set aside: the process ended ${starts} times while it ran, last begun ${startedAt.toISOString()}; ${next}`,
    fix: 'Give the process more memory (NODE_OPTIONS=--max-old-space-size=MB). If that does not help, report it with the log.',
    replaces: [],
  };
}

const DEFAULT_FIX = 'No action is needed if it ends by itself. The words of the CRM: npx leadgrade errors list.';

function toFinding({ crm, stream, kind, code, count, ids, fix, since, retryAt }: SetAsideGroup): SetAsideFinding {
  const isWhole = ids[0] === '';
  const name = nameOf({ stream, kind, ids, count });
  const next = `next attempt at ${retryAt.toISOString()}, or now: npx leadgrade errors retry`;
  return {
    part: crm,
    what: isWhole ? `${WRITING.has(kind) ? 'writing' : 'reading'} ${stream}` : stream,
    level: isWhole ? 'problem' : 'warning',
    detail: `set aside since ${since.toISOString()}: ${name} (${code})${isWhole ? '' : '; all others are processed'}; ${next}`,
    fix: fix ?? DEFAULT_FIX,
    replaces: replacedBy(stream, kind),
  };
}

const WRITING: ReadonlySet<string> = new Set(['write', 'bulk-write']);

/** Of a record, an item of a stream and a check, nothing else says that it works. */
const REPLACES_NOTHING: ReadonlySet<string> = new Set([
  ...['record', 'counters', 'links', 'item', 'match', 'site-event', 'check', 'bulk-write'],
]);

function replacedBy(stream: string, kind: string): readonly string[] {
  if (REPLACES_NOTHING.has(kind)) return [];
  return kind === 'write' ? [`writing ${stream}`] : [stream, `reading ${stream}`];
}

/** Removes what says "allowed" or "read until" of something that is set aside. */
export function withoutContradictions(
  findings: readonly Finding[],
  setAside: readonly SetAsideFinding[],
): readonly Finding[] {
  const replaced = new Set(setAside.flatMap(({ part, replaces }) => replaces.map((what) => `${part} ${what}`)));
  return findings.filter(({ part, what, level }) => level !== 'ok' || !replaced.has(`${part} ${what}`));
}
