// The text of a dry run: which scores would be written, and how many API calls that takes.
import { durationText } from '../../src/domain/texts/duration-text.ts';
import type { Band } from '../../src/scoring/compile/compile.ts';
import type { BandCount, PlannedScore } from '../../src/store/outbox/planned-writes.ts';
import { scoreTable } from '../terminal/score-table.ts';

/** Also what `--json` prints. */
export interface DryRun {
  readonly model: string;
  /** ISO 8601. */
  readonly as_of: string;
  /** Duration of reading and scoring. */
  readonly seconds: number;
  readonly errors: number;
  readonly bands: readonly BandCount[];
  readonly highest: readonly PlannedScore[];
  readonly crms: readonly DryRunCrm[];
}

interface DryRunCrm {
  readonly crm: string;
  readonly records: number;
  readonly scored: number;
  readonly writes: number;
  /** Writes that clear the fields of a record out of scope; included in `writes`. */
  readonly clears: number;
  readonly calls_to_read: number;
  readonly calls_to_write: number;
  /** Streams that are not available to this token or account. */
  readonly unavailable: readonly { readonly stream: string; readonly reason: string; readonly fix: string | null }[];
}

const MAX_REASONS = 3;

export function dryRunReport(run: DryRun, bands: readonly Band[]): string {
  return [
    `DRY RUN. Nothing was written. Model ${run.model}, as of ${run.as_of}.`,
    '',
    'SCORES BY BAND AND GRADE',
    '',
    ...scoreTable(bands, (status, grade) => {
      return run.bands.find((cell) => cell.status === status && cell.grade === grade)?.leads ?? 0;
    }),
    ...run.crms.flatMap(writesOf),
    '',
    `THE ${run.highest.length} HIGHEST`,
    ...run.highest.flatMap((score) => ['', ...scoreLines(score, bands)]),
    '',
    'COST',
    '',
    ...run.crms.flatMap((crm) => cost(crm, run.seconds)),
    ...run.crms.flatMap(unavailableLines),
    ...(run.errors === 0
      ? []
      : [
          '',
          `${run.errors} values could not be read; their records are scored without them. The backfill lists them.`,
        ]),
  ].join('\n');
}

function writesOf({ crm, records, scored, writes, clears }: DryRunCrm): readonly string[] {
  const outOfScope = records - scored;
  const cleared = clears === 0 ? '' : `; the scores of ${clears} of them would be cleared`;
  return [
    '',
    `${crm}: ${records} records: ${scored} scored, ${outOfScope} out of scope (leads.where in the mapping)${cleared}.`,
    `${crm}: ${writes - clears} would be written, ${scored - (writes - clears)} have their score already.`,
  ];
}

function scoreLines(score: PlannedScore, bands: readonly Band[]): readonly string[] {
  const { crm, id, total, fit_score, grade, behavior_score, status, explanation } = score;
  const label = bands.find((band) => band.id === status)?.label ?? status;
  const reasons = (explanation ?? '').split('\n').filter((line) => /^[+-]\d+ /.test(line));
  return [
    `${crm}:${id}  ${total} = fit ${fit_score} (${grade}) + behavior ${behavior_score}. ${label}`,
    ...reasons.slice(0, MAX_REASONS).map((line) => `     ${line}`),
  ];
}

function cost({ crm, calls_to_read, calls_to_write }: DryRunCrm, seconds: number): readonly string[] {
  // Writing runs at the rate of reading: both wait for the same rate limit.
  const writing = calls_to_read === 0 ? 0 : (seconds * calls_to_write) / calls_to_read;
  return [
    `${crm}: reading took ${calls_to_read} API calls and ${durationText(seconds)}; the backfill reads again.`,
    `${crm}: writing would take ${calls_to_write} API calls and about ${durationText(writing)}.`,
  ];
}

function unavailableLines({ crm, unavailable }: DryRunCrm): readonly string[] {
  if (unavailable.length === 0) return [];
  return [
    '',
    `NOT AVAILABLE IN ${crm.toUpperCase()} (unknown activities change no score)`,
    '',
    ...unavailable.map(({ stream, reason, fix }) => `${stream}: ${[reason, fix].filter(Boolean).join(' ')}`),
  ];
}
