// Writes the scores of a dry run to a CSV file.
import type { Kysely } from 'kysely';
import { type ReplacedFile, replaceFile } from '../../src/csv/files/replace-file.ts';
import { writeCells } from '../../src/csv/write-cells.ts';
import { type PlannedScore, pageOfScores } from '../../src/store/outbox/planned-writes.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import { refuseOutput } from '../terminal/watched-file.ts';

const PAGE_SIZE = 1000;
const HEADER = ['crm', 'id', 'fit_grade', 'fit_score', 'behavior_score', 'total_score', 'status', 'explanation'];

export interface ScoresFile {
  readonly path: string;
  /** Writes all scores and moves the file to its path. */
  write(db: Kysely<Tables>): Promise<void>;
  /**
   * Deletes the temporary file; a file that existed at the path stays unless `write` has replaced
   * it.
   */
  discard(): Promise<void>;
}

/**
 * @param replace whether an existing file may be replaced
 * @throws ConfigurationError when the path is not writable
 */
export async function openScoresFile(path: string, replace: boolean): Promise<ScoresFile> {
  const file = await replaceFile(path, { replace }).catch(refuseOutput('--out', path));
  return { path, write: (db) => writeScores(db, file), discard: () => file.discard() };
}

async function writeScores(db: Kysely<Tables>, file: ReplacedFile): Promise<void> {
  await file.write(`${writeCells(HEADER, ',')}\n`);
  let page: readonly PlannedScore[] = [];
  do {
    page = await pageOfScores(db, { after: page.at(-1) ?? null, limit: PAGE_SIZE });
    await file.write(page.map((score) => `${writeCells(cellsOf(score), ',')}\n`).join(''));
  } while (page.length === PAGE_SIZE);
  await file.commit();
}

/** The explanation is empty if the record has its score already. */
function cellsOf(score: PlannedScore): readonly string[] {
  const { crm, id, grade, fit_score, behavior_score, total, status, explanation } = score;
  return [crm, id, grade, String(fit_score), String(behavior_score), String(total), status, explanation ?? ''];
}
