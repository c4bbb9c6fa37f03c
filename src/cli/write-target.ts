// What the CRM's fields must be able to hold: the bands of the model.
import type { WriteTarget } from '../../connectors/connector.ts';
import type { ActiveModel } from '../../jobs/context.ts';

export function writeTarget({ compiled }: Pick<ActiveModel, 'compiled'>): WriteTarget {
  return { statuses: compiled.bands.map(({ id, label }) => ({ value: id, label })) };
}
