// What `leadgrade score` reads, whatever the file's form: leads, and lines or rows that are none, in the order of the file.
import type { CsvRecord } from '../../src/csv/records.ts';
import type { Lead } from '../../src/domain/lead.ts';
import type { ScoreResult } from '../../src/domain/score-result.ts';

export interface LeadEntry {
  readonly lead: Lead;
  /** Whether it reached the outcome that the mapping names; null when that is not known. */
  readonly outcome: boolean | null;
  /** The row of a CSV file. */
  readonly record?: CsvRecord;
}
export interface RefusedEntry {
  readonly id: string | null;
  readonly error: {
    readonly code: 'invalid_json' | 'invalid_lead' | 'invalid_row';
    readonly message: string;
    readonly path: string;
    /** Of a CSV file: where the row begins. */
    readonly line?: number;
  };
  readonly record?: CsvRecord;
}
export type Entry = LeadEntry | RefusedEntry;

export interface ScoredEntry extends LeadEntry {
  readonly result: ScoreResult;
  /** Wording costs more than scoring: it is made only where it is read. */
  readonly explain: () => string;
}

export interface Source {
  readonly entries: AsyncIterable<Entry>;
  /** What the outcome is called in the file; empty where none is named. */
  readonly outcomeName: string;
  /** Says what was refused, once all is read. */
  readonly tellRefused: (count: number) => void;
}

/** Where scored leads go. */
export interface Output {
  readonly add: (entry: ScoredEntry | RefusedEntry) => Promise<void>;
  readonly finish: (counts: { readonly scored: number; readonly refused: number }) => Promise<void>;
  /** After a failure: nothing half written is left. */
  readonly discard: () => Promise<void>;
}
