// The files that `npx leadgrade plan` writes.
import { OutputRefused, type ReplacedFile } from '../../src/csv/files/replace-file.ts';
import { writeCells } from '../../src/csv/write-cells.ts';
import type { Move, PlannedLead } from '../../src/review/plan/plan-report.ts';
import { whyRescored } from '../../src/review/plan/why-moved.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { openWatchedFile } from '../terminal/watched-file.ts';

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

/** @throws ConfigurationError if the file cannot be written */
export function openOutput(option: string, path: string, replace: boolean): Promise<ReplacedFile> {
  return openWatchedFile(path, { replace }).catch((error: unknown) => {
    if (error instanceof OutputRefused) throw new ConfigurationError(`${option} ${path} ${error.message}`);
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ConfigurationError(`${option} ${path} cannot be written (${reason}). Check that its folder exists.`);
  });
}
