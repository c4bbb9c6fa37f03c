// The files that `npx leadgrade plan` writes.
import { writeCells } from '../../src/csv/write-cells.ts';
import { whyRescored } from '../../src/review/plan/why-moved.ts';
import { openOutput } from '../terminal/watched-file.ts';
import type { OnChange } from './score-all-leads.ts';

export interface ChangesFile {
  add(...change: Parameters<OnChange>): Promise<void>;
  commit(): Promise<void>;
  discard(): Promise<void>;
}

const HEADER = [
  'lead',
  'status_before',
  'status_after',
  'grade_before',
  'grade_after',
  'total_before',
  'total_after',
  'reason',
  'model',
];

/** A CSV file with every lead that changes, a row for each model that changes it. @throws ConfigurationError if it cannot be written */
export async function openChangesFile(path: string, replace: boolean): Promise<ChangesFile> {
  const file = await openOutput('--csv', path, replace);
  await file.write(`${writeCells(HEADER, ',')}\n`);
  return {
    add: async (planned, move, model) => {
      const { lead, before, after } = planned;
      const cells = [
        before?.status,
        after?.status,
        before?.grade,
        after?.grade,
        before?.total,
        after?.total,
        move?.reason ?? whyRescored(planned),
        model.name,
      ];
      await file.write(`${writeCells([lead, ...cells.map((cell) => String(cell ?? ''))], ',')}\n`);
    },
    commit: () => file.commit(),
    discard: () => file.discard(),
  };
}
