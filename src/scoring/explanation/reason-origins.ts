// Finds the CRMs behind a reason for a person in several CRMs: the CRM of the field's value, or of
// the counted activities.
import type { Lead } from '../../domain/lead.ts';
import type { Contribution } from '../../domain/score-result.ts';
import type { CompiledModel } from '../compile/compile.ts';

/**
 * CRM names as people write them, that of the latest activity first. Empty if the lead is in one CRM
 * only, and for caps and limits.
 */
export function originsOf(reason: Contribution, lead: Lead, model: CompiledModel, now: number): readonly string[] {
  if (lead.origins === undefined) return [];
  const fields = reason.dimension === 'fit' ? criterionFields(reason, model) : stateFields(reason, model);
  const names = [
    ...fields.flatMap((field) => lead.origins?.[field] ?? []),
    ...activityOrigins(reason, lead, model, now),
  ];
  return [...new Set(names)];
}

function criterionFields({ signal }: Contribution, { fit }: CompiledModel): readonly string[] {
  return fit.criteria.find(({ id }) => id === signal)?.fields ?? [];
}

function stateFields({ signal }: Contribution, { behavior }: CompiledModel): readonly string[] {
  const found = behavior.signals.find(({ id }) => id === signal);
  return found?.kind === 'state' ? found.fields : [];
}

function activityOrigins(
  { dimension, signal, count = 0 }: Contribution,
  lead: Lead,
  { behavior }: CompiledModel,
  now: number,
): readonly string[] {
  const found = dimension === 'behavior' ? behavior.signals.find(({ id }) => id === signal) : undefined;
  if (found?.kind !== 'counted' && found?.kind !== 'tiered') return [];
  const matching = lead.activities.filter(
    ({ type, at, attributes }) => type === found.activity && at <= now && found.where(attributes),
  );
  const counted = matching.toSorted((a, b) => b.at - a.at).slice(0, count);
  return counted.flatMap(({ origin }) => origin ?? []);
}
