// Compiles a model once: conditions become closures, word lists are normalized, expressions parsed,
// signals indexed by activity type.
import { type CompiledBehavior, compileBehavior } from '../behavior.ts';
import { type CompiledFit, compileFit } from '../fit.ts';
import type { LeadSource } from '../ledger.ts';
import type { Model } from '../schemas/model-schema.ts';
import { type Band, type CompiledStatus, compileStatus } from '../status.ts';
import { createSummarize, type Summary } from '../summary.ts';

export type { Band } from '../status.ts';

export interface CompiledModel {
  /** `name@version` */
  readonly id: string;
  /** Best first. */
  readonly bands: readonly Band[];
  readonly fit: CompiledFit;
  readonly behavior: CompiledBehavior;
  readonly status: CompiledStatus;
  /** Reads one lead at a time. */
  readonly summarize: (source: LeadSource) => Summary;
}

/** @param model a model without errors, as `readModel` returns it */
export function compileModel(model: Model): CompiledModel {
  const parts = { fit: compileFit(model.fit), behavior: compileBehavior(model.behavior), status: compileStatus(model) };
  return {
    id: `${model.name}@${model.version}`,
    bands: parts.status.bands.map(({ id, label, action, sla }) => ({ id, label, action, sla })),
    ...parts,
    summarize: createSummarize(parts),
  };
}
