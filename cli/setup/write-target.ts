// The values that the fields in the CRM must accept: the bands of the models.
import type { ActiveModel, ScoredModel } from '../../jobs/context.ts';
import type { WriteTarget } from '../../src/crm/connector.ts';

/** @param models the first one has the fields without a name in them */
export function writeTarget(
  models: readonly (Pick<ActiveModel, 'compiled'> & Partial<Pick<ScoredModel, 'key' | 'role'>>)[],
): WriteTarget {
  const [first, ...others] = models.map(({ compiled, key, role }) => {
    return { key, role, statuses: compiled.bands.map(({ id, label }) => ({ value: id, label })) };
  });
  const named = others.flatMap(({ key, role, statuses }) =>
    typeof key === 'string' && role === 'live' ? [[key, statuses] as const] : [],
  );
  return { statuses: first?.statuses ?? [], ...(named.length > 0 && { models: new Map(named) }) };
}

/**
 * As `writeTarget`, also with the bands of the models that may be applied next: the options must exist before results
 * with them are written. An option that an applied model has keeps its label.
 */
export function nextWriteTarget(applied: readonly ScoredModel[], next: readonly ScoredModel[]): WriteTarget {
  const [now, then] = [writeTarget(applied), writeTarget(next)];
  const keys = new Set([...(now.models?.keys() ?? []), ...(then.models?.keys() ?? [])]);
  const named = [...keys].map((key) => [key, joined(now.models?.get(key), then.models?.get(key))] as const);
  return { statuses: joined(now.statuses, then.statuses), ...(named.length > 0 && { models: new Map(named) }) };
}

function joined(now: WriteTarget['statuses'] = [], next: WriteTarget['statuses'] = []): WriteTarget['statuses'] {
  const known = new Set(now.map(({ value }) => value));
  return [...now, ...next.filter(({ value }) => !known.has(value))];
}
