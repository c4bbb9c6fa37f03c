// What many leads say of a valid model: criteria and signals that never count, fields that are
// unknown for most leads, caps that cut off most points, bands without leads or with all of them.

import { scoreOfBestShare } from '../scoring/best-share.ts';
import type { ModelProblem } from '../scoring/checks/model-checks.ts';
import type { CompiledModel } from '../scoring/compile/compile.ts';
import { givenField } from '../scoring/model-fields.ts';
import type { Model } from '../scoring/schemas/model-schema.ts';
import type { SignalSource } from '../scoring/schemas/signal-schema.ts';
import { findBandUse } from './find-band-use.ts';
import { BEHAVIOR_LIMIT, type UseReport } from './model-use.ts';
import { countOf, percentOf, shareOfLeads } from './use-texts.ts';

/** With fewer leads, a criterion that never matched says little. */
export const MIN_LEADS = 50;
const MOST = 0.5;
/** With fewer leads, a cap that cuts off points says little. */
const MIN_CAPPED = 20;

/** @returns warnings; none with fewer than MIN_LEADS leads */
export function findUseProblems(model: Model, compiled: CompiledModel, use: UseReport): ModelProblem[] {
  if (use.sample.leads < MIN_LEADS) return [];
  return [
    ...criterionUse(compiled, use),
    ...signalUse(model, use),
    ...gateUse(model, compiled, use),
    ...capUse(model, use),
    ...findBandUse(model, use),
  ];
}

function criterionUse({ fit }: CompiledModel, { sample, unknownCriteria }: UseReport): ModelProblem[] {
  const { leads } = sample;
  return sample.fit.flatMap(({ criterion, matched }, index): ModelProblem[] => {
    const unknown = unknownCriteria.get(criterion) ?? 0;
    const { fields: read = [], attainable = 0 } = fit.criteria[index] ?? {};
    const fields = [...new Set(read.map(givenField))];
    const path = ['fit', 'criteria', index];
    if (unknown > MOST * leads) {
      const isOne = fields.length === 1;
      const part = fit.attainable === 0 ? 0 : attainable / fit.attainable;
      const message = `${fields.join(' and ')} ${isOne ? 'is' : 'are'} unknown for ${shareOfLeads(unknown, leads)}, and ${percentOf(part)} of the fit points ${isOne ? 'depend on it' : 'depend on them'}.`;
      const fix = 'Fill it in the CRM, map another property to it, or give the criterion fewer points.';
      return [{ level: 'warning', path, message, fix }];
    }
    if (matched.leads > 0) return [];
    const message = `the criterion ${criterion} matched none of ${countOf(leads)} leads, ${countOf(leads - unknown)} of which have ${fields.join(' and ')}.`;
    const fix = 'Write the values that the leads have, or remove the criterion.';
    return [{ level: 'warning', path, message, fix }];
  });
}

function signalUse({ behavior }: Model, { sample, withActivity }: UseReport): ModelProblem[] {
  return (behavior?.signals ?? []).flatMap((signal, index): ModelProblem[] => {
    const fired = sample.behavior.find((each) => each.signal === signal.id);
    if (fired === undefined || fired.matched.leads > 0) return [];
    const { why, fix } = whyNever(signal, withActivity, sample.leads);
    const message = `the signal ${signal.id} counted for none of ${countOf(sample.leads)} leads${why}.`;
    return [{ level: 'warning', path: ['behavior', 'signals', index], message, fix }];
  });
}

function whyNever(
  signal: SignalSource,
  withActivity: UseReport['withActivity'],
  leads: number,
): { readonly why: string; readonly fix: string } {
  if (signal.kind === 'state') return { why: '', fix: 'Correct its condition, or remove the signal.' };
  if (signal.kind === 'absent') return { why: '', fix: 'Correct its absent, or remove the signal.' };
  const having = withActivity.get(signal.activity) ?? 0;
  if (having === 0) {
    const fix = `Add a rule with type: ${signal.activity} under activities of the mapping, or remove the signal.`;
    return { why: `: none has the activity ${signal.activity}`, fix };
  }
  const of = `${countOf(having)} of ${countOf(leads)} have the activity ${signal.activity}`;
  if (signal.where !== undefined) return { why: `: ${of}, and its where excludes it`, fix: 'Correct its where.' };
  return { why: `, although ${of}`, fix: 'Give its lowest tier a smaller count, or a longer window.' };
}

function gateUse({ status }: Model, compiled: CompiledModel, { sample, unknownGates }: UseReport): ModelProblem[] {
  const { leads } = sample;
  return (status.gates ?? []).flatMap(({ id, max_band }, index): ModelProblem[] => {
    const unknown = unknownGates.get(id) ?? 0;
    if (unknown <= MOST * leads) return [];
    const fields = compiled.status.gates[index]?.lift ?? [];
    const message = `${fields.join(' and ')} ${fields.length === 1 ? 'is' : 'are'} unknown for ${shareOfLeads(unknown, leads)}, so the gate ${id} holds them at ${max_band} at best.`;
    const fix = 'Fill it in the CRM, map another property to it, or remove the gate.';
    return [{ level: 'warning', path: ['status', 'gates', index, 'unless'], message, fix }];
  });
}

function capUse({ behavior }: Model, { caps }: UseReport): ModelProblem[] {
  const check = (id: string, what: string, max: number | undefined, path: ModelProblem['path']): ModelProblem[] => {
    const use = caps.get(id);
    if (max === undefined || use === undefined || use.having < MIN_CAPPED || use.cut <= MOST * use.having) return [];
    const message = `the max of ${what} (${max}) cuts off points of ${countOf(use.cut)} of the ${countOf(use.having)} leads that have points there, so these look alike.`;
    const wanted = Math.max(max + 1, scoreOfBestShare(use.uncapped, 10) ?? 0);
    return [{ level: 'warning', path, message, fix: `Write max: ${wanted}, which nine of ten do not exceed.` }];
  };
  const groups = (behavior?.groups ?? []).flatMap(({ id, max }, index) =>
    check(id, `the group ${id}`, max, ['behavior', 'groups', index, 'max']),
  );
  return [...groups, ...check(BEHAVIOR_LIMIT, 'behavior', behavior?.max, ['behavior', 'max'])];
}
