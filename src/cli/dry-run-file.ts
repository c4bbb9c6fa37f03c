// Everybody's score after a dry run, as a CSV file.
import type { Kysely } from 'kysely';
import { replaceFile } from '../csv/files/replace-file.ts';
import { writeCells } from '../csv/write-cells.ts';
import { type PlannedScore, pageOfScores } from '../store/planned-writes.ts';
import type { Tables } from '../store/tables.ts';

const PAGE = 1000;
const HEAD = ['crm', 'id', 'fit_grade', 'fit_score', 'behavior_score', 'total_score', 'status', 'explanation'];

/** @throws when the folder cannot be written to */
export async function writePlannedScores(db: Kysely<Tables>, path: string): Promise<void> {
  const file = await replaceFile(path);
  try {
    await file.write(`${writeCells(HEAD, ',')}\n`);
    let page: readonly PlannedScore[] = [];
    do {
      page = await pageOfScores(db, { after: page.at(-1) ?? null, limit: PAGE });
      await file.write(page.map((score) => `${writeCells(cellsOf(score), ',')}\n`).join(''));
    } while (page.length === PAGE);
    await file.keep();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** The explanation is empty where the record holds its score already. */
function cellsOf(score: PlannedScore): readonly string[] {
  const { crm, id, grade, fit_score, behavior_score, total, status, explanation } = score;
  return [crm, id, grade, String(fit_score), String(behavior_score), String(total), status, explanation ?? ''];
}
