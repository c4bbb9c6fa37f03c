// The files that `npx leadgrade plan` writes.
import { writeCells } from '../../src/csv/write-cells.ts';
import type { Move, PlannedLead } from '../../src/review/plan/plan-report.ts';
import { whyRescored } from '../../src/review/plan/why-moved.ts';
import { openOutput } from '../terminal/watched-file.ts';

export interface ChangesFile {
  add(planned: PlannedLead, move: Move | null): Promise<void>;
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
];

/** A CSV file with every lead that changes. @throws ConfigurationError if it cannot be written */
export async function openChangesFile(path: string, replace: boolean): Promise<ChangesFile> {
  const file = await openOutput('--csv', path, replace);
  await file.write(`${writeCells(HEADER, ',')}\n`);
  return {
    add: async (planned, move) => {
      const { lead, before, after } = planned;
      const cells = [
        before?.status,
        after?.status,
        before?.grade,
        after?.grade,
        before?.total,
        after?.total,
        move?.reason ?? whyRescored(planned),
      ];
      await file.write(`${writeCells([lead, ...cells.map((cell) => String(cell ?? ''))], ',')}\n`);
    },
    commit: () => file.commit(),
    discard: () => file.discard(),
  };
}
