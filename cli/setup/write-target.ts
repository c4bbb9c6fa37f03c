// The values that the fields in the CRM must accept: the bands of the model.
import type { ActiveModel } from '../../jobs/context.ts';
import type { WriteTarget } from '../../src/crm/connector.ts';
import { loadActiveModel } from '../product/files/load-active-model.ts';

export function writeTarget({ compiled }: Pick<ActiveModel, 'compiled'>): WriteTarget {
  return { statuses: compiled.bands.map(({ id, label }) => ({ value: id, label })) };
}

/**
 * As `writeTarget`, also with the bands of the model file, which may be applied next: its options must exist before its
 * results are written. An option that the applied model has keeps its label.
 */
export async function nextWriteTarget(applied: Pick<ActiveModel, 'compiled'>, modelFile: string): Promise<WriteTarget> {
  const { statuses } = writeTarget(applied);
  const known = new Set(statuses.map(({ value }) => value));
  const next = await loadActiveModel(modelFile).then(writeTarget, () => ({ statuses: [] }));
  return { statuses: [...statuses, ...next.statuses.filter(({ value }) => !known.has(value))] };
}
