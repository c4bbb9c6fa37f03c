// The types that `npx leadgrade score` passes from its sources to its outputs.
import type { CsvRecord } from '../../src/csv/records.ts';
import type { Lead } from '../../src/domain/lead.ts';
import type { ScoreResult } from '../../src/domain/score-result.ts';

export interface LeadEntry {
  readonly lead: Lead;
  /** Whether the lead reached the outcome of the mapping; null: not known. */
  readonly outcome: boolean | null;
  /** The row of a CSV file. */
  readonly record?: CsvRecord;
}
/** A line or row that is not a valid lead. */
export interface RejectedEntry {
  readonly id: string | null;
  readonly error: {
    readonly code: 'invalid_json' | 'invalid_lead' | 'invalid_row';
    readonly message: string;
    readonly path: string;
    /** The line of the file on which the row begins. */
    readonly line: number;
  };
  readonly record?: CsvRecord;
}
export type Entry = LeadEntry | RejectedEntry;

export interface ScoredEntry extends LeadEntry {
  readonly result: ScoreResult;
  /** Explaining takes longer than scoring, so the text is made only for outputs that contain it. */
  readonly explain: () => string;
}

export interface Source {
  /** In the order of the file. */
  readonly entries: AsyncIterable<Entry>;
  /** The name of the outcome in the file; empty: the mapping names none. */
  readonly outcomeName: string;
  /** Prints a summary of the rejected entries after the last one. */
  readonly reportRejected: (count: number) => void;
}

export interface Output {
  readonly add: (entry: ScoredEntry | RejectedEntry) => Promise<void>;
  readonly finish: (counts: ScoreCounts) => Promise<void>;
  /** Called after a failure: deletes a partially written file. */
  readonly discard: () => Promise<void>;
}

export interface ScoreCounts {
  readonly scored: number;
  readonly refused: number;
}
