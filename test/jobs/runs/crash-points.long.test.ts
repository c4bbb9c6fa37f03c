// kill -9 at each named point of a batch, from the page of a stream to the end of the run: the next start ends with the
// state of an undisturbed backfill, without a second result.
import { expect, test } from 'vitest';
import { BACKEND } from '../../support/backends.ts';
import {
  IN_PROGRESS,
  openBackfillEnvironment,
  STREAMS,
  type Undisturbed,
  undisturbedBackfill,
} from '../../support/backfill-process.ts';
import { IS_FULL, printedRandom, printSeconds } from '../../support/fault-runs.ts';
import { patient } from '../../support/patience.ts';

const CRASH_POINT = new URL('./processes/crash-point.ts', import.meta.url).href;
const CONTACTS = 130;

const PAGE = 'update leadgrade.streams set cursor =';
const RESULTS = 'insert into leadgrade.results';
const WRITTEN = 'set crm_values = t.patch, last_written_values';

/** `[name, statement, when]`, in the order of the stages. */
const POINTS = [
  ['a job has begun', 'insert into leadgrade.unfinished_jobs', 'after'],
  ['a page of a stream is read, and not saved', PAGE, 'before'],
  ['a page of a stream is saved, and not committed', 'insert into leadgrade.activities', 'after'],
  ['a page of a stream is committed, and the next one not read', PAGE, 'committed'],
  ['the end of a stream is reached, and not saved', 'update leadgrade.streams set completed_at', 'before'],
  ['records are claimed, and not read again', 'update leadgrade.records r set claimed_by', 'after'],
  ['people are matched, and not committed', 'delete from leadgrade.match_queue', 'after'],
  ['due leads are locked', 'order by priority, due_at, id limit', 'after'],
  ['results are inserted, and not committed', RESULTS, 'after'],
  ['results are committed, and their writes not enqueued', RESULTS, 'committed'],
  ['results are claimed, and not sent', 'update leadgrade.outbox o set claimed_by = \\$', 'after'],
  ['the CRM has taken a batch, and its answer is not saved', WRITTEN, 'before'],
  ['the answer of the CRM is saved, and not committed', WRITTEN, 'after'],
  ['the answer of the CRM is committed, and the next batch not sent', WRITTEN, 'committed'],
  ['all work is done, and the run is not closed', 'update .*"runs" set .*"finished_at"', 'before'],
] as const;

/** All of them in `npm run test:faults`, otherwise a few, which the seed chooses. */
function chosenPoints(): readonly (typeof POINTS)[number][] {
  if (IS_FULL) return POINTS;
  const random = printedRandom('crash points');
  const places = POINTS.map((point) => ({ point, place: random.next() }));
  return places
    .toSorted((a, b) => a.place - b.place)
    .slice(0, 3)
    .map(({ point }) => point);
}

let known: Promise<Undisturbed> | null = null;
function undisturbed(): Promise<Undisturbed> {
  known ??= undisturbedBackfill(BACKEND, CONTACTS);
  return known;
}

test.each(chosenPoints())(
  `a backfill that is killed when %s ends as an undisturbed one at the next start (${BACKEND.name})`,
  async (name, statement, when) => {
    const { calls, ...expected } = await undisturbed();
    const killed = await openBackfillEnvironment(BACKEND, { contacts: CONTACTS });
    const options = `${process.env.NODE_OPTIONS ?? ''} --import=${CRASH_POINT}`;
    const child = killed.begin({ NODE_OPTIONS: options, CRASH_STATEMENT: statement, CRASH_WHEN: when });
    expect(await child.ended, `the point was not reached: ${child.output()}`).toBe('SIGKILL');
    await printSeconds(`the next start ends after a kill when ${name} (${BACKEND.name})`, killed.finish);
    const made = await killed.calls();
    expect(made.length).toBeLessThanOrEqual(calls + STREAMS + IN_PROGRESS);
    // The batches whose answers were not saved are written again, with the same values.
    const written = made.flatMap(({ path, ids = [] }) => (path.endsWith('/contacts/batch/update') ? ids : []));
    const times = [...Map.groupBy(written, (id) => id).values()].map(({ length }) => length);
    expect(Math.max(...times)).toBeLessThanOrEqual(2);
    expect(await killed.endState()).toEqual(expected);
  },
  patient(300_000),
);
