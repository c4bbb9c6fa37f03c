// What practice advises against in a valid model: too many parts, nothing that takes points or fades,
// signals that decide alone, caps that hide what they limit. Only `validate` says so.
import type { ModelProblem } from '../checks/model-checks.ts';
import type { Reach } from '../dead-rules/reach.ts';
import type { Model } from '../schemas/model-schema.ts';
import { findHidingCaps } from './hiding-caps.ts';
import { findLoneSignals } from './lone-signals.ts';
import { findMissingParts } from './missing-parts.ts';
import { findSizeProblems } from './model-size.ts';

/** @param reach of the same model, as `findDeadRules` returns it */
export function lintModel(model: Model, reach: Reach): ModelProblem[] {
  return [
    ...findSizeProblems(model),
    ...findMissingParts(model),
    ...findLoneSignals(model, reach),
    ...findHidingCaps(model),
  ];
}
