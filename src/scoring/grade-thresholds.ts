// The grades of a model.
import type { FitSource } from './schemas/model-schema.ts';

/** The grade thresholds of a model in per cent of the attainable points, with defaults. */
export function gradeThresholds(grades: FitSource['grades']): { A: number; B: number; C: number; D: number } {
  return { A: grades?.A ?? 75, B: grades?.B ?? 50, C: grades?.C ?? 25, D: grades?.D ?? 0 };
}
