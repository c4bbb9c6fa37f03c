// The result of a scoring for tests of the store, which computes none.
import type { NewResult } from '../../src/store/leads/scored-lead.ts';
import { at } from './fresh-store.ts';

/** Grade A and the given status, by the model `m`. */
export function newResult(cause: string, status: string, total = 2): NewResult {
  return {
    as_of: at().toISOString(),
    model_hash: 'm',
    cause,
    grade: 'A',
    coverage: 1,
    fit_score: 1,
    behavior_score: 1,
    total,
    status,
    previous_status: null,
    previous_grade: null,
    cell: null,
    thresholds: null,
    contributions: [],
    gates: [],
  };
}
