// The values that the fields in the CRM must accept: the bands of the model.
import type { ActiveModel } from '../../jobs/context.ts';
import type { WriteTarget } from '../../src/crm/connector.ts';

export function writeTarget({ compiled }: Pick<ActiveModel, 'compiled'>): WriteTarget {
  return { statuses: compiled.bands.map(({ id, label }) => ({ value: id, label })) };
}
