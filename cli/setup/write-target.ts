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
