// Finds the CRMs behind a reason for a person in several CRMs: the CRM of the field's value, or of
// the counted activities.
import type { Lead, OriginAt } from '../../domain/lead.ts';
import type { Contribution } from '../../domain/score-result.ts';
import type { CompiledModel } from '../compile/compile.ts';
import type { CompiledSignal } from '../compile/compiled-signals.ts';
import { isState, type LeadSource } from '../ledger.ts';

/**
 * CRM names as people write them, that of the latest activity first. Empty if the lead is in one CRM
 * only, and for caps and limits.
 */
export function originsOf(
  { dimension, signal, count = 0 }: Contribution,
  lead: LeadSource,
  { fit, behavior }: CompiledModel,
  now: number,
): readonly string[] {
  if (lead.origins === undefined) return [];
  if (dimension === 'fit') {
    const index = fit.criteria.findIndex(({ id }) => id === signal);
    return isState(lead) ? (lead.origins.fit[index] ?? []) : originsOfFields(fit.criteria[index]?.fields ?? [], lead);
  }
  const found = behavior.signals.find(({ id }) => id === signal);
  if (found === undefined) return [];
  if (found.kind === 'state') {
    return isState(lead) ? (lead.origins.states[found.index] ?? []) : originsOfFields(found.fields, lead);
  }
  const activities = isState(lead) ? (lead.origins.activities[found.index] ?? []) : originsAt(found, lead);
  const counted = activities.filter(([at]) => at <= now).slice(0, count);
  return [...new Set(counted.flatMap(([, origin]) => origin ?? []))];
}

/** The CRMs of the fields' values, each once. */
export function originsOfFields(fields: readonly string[], { origins = {} }: Lead): readonly string[] {
  return [...new Set(fields.flatMap((field) => origins[field] ?? []))];
}

/** The instants and CRMs of all activities of a counted or tiered signal, the latest first; none for another one. */
export function originsAt(signal: CompiledSignal, { activities }: Lead): readonly OriginAt[] {
  if (signal.kind !== 'counted' && signal.kind !== 'tiered') return [];
  return activities
    .filter(({ type, attributes }) => type === signal.activity && signal.where(attributes))
    .toSorted((a, b) => b.at - a.at)
    .map(({ at, origin = null }): OriginAt => [at, origin]);
}
