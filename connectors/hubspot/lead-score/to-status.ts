// The thresholds of a lead score as bands of a model.
import { z } from 'zod';
import { type ImportNote, type Part, toId } from './imported.ts';
import type { LeadScore } from './score-schema.ts';

const boundariesSchema = z.array(z.looseObject({ label: z.string(), threshold: z.number() })).min(1);

export interface ImportedStatus {
  readonly status: Part;
  readonly notes: readonly ImportNote[];
}

/** @param highest the highest total of the model, for proposals where the score has no thresholds */
export function toStatus({ outputConfiguration }: LeadScore, highest: number): ImportedStatus {
  const outputs = outputConfiguration?.outputs ?? [];
  const matrix = outputs.filter(({ outputType }) => outputType === 'MATRIX');
  const notes = matrix.map(
    (): ImportNote => ({
      part: 'output "matrix"',
      why: 'its cells depend on points, ours on the grade, a share of the attainable points.',
      write: 'basis: matrix with grades, behavior_levels and cells; mappings/presets/matrix.yaml is an example.',
    }),
  );
  for (const { outputType, boundaries, categories = [] } of outputs) {
    const parsed = boundariesSchema.safeParse(boundaries);
    if (outputType === 'THRESHOLD' && parsed.success) return { status: fromThresholds(parsed.data, categories), notes };
  }
  const shares = [0.8, 0.6, 0.4].map((share) => Math.round(share * highest));
  const bands = ['hot', 'warm', 'engaged'].map((id, index) => ({ id, at_least: shares[index] }));
  const note = {
    part: 'thresholds',
    why: 'the score has none.',
    write: `Thresholds of your choice: the import wrote 80, 60 and 40 % of ${highest}, the highest total.`,
  };
  return { status: { basis: 'total', bands: [...bands, { id: 'cold' }] }, notes: [...notes, note] };
}

/** The lowest one takes all other leads. */
function fromThresholds(boundaries: z.infer<typeof boundariesSchema>, categories: readonly string[]): Part {
  const sorted = boundaries.toSorted((a, b) => b.threshold - a.threshold);
  const basis = categories.length === 1 ? (categories[0] === 'FIT' ? 'fit' : 'behavior') : 'total';
  const taken = new Set<string>();
  const bands = sorted.map(({ label, threshold }, index) => {
    const id = unique(toId(label), taken);
    const isLast = index === sorted.length - 1;
    return { id, label, ...(!isLast && { at_least: threshold }) };
  });
  return { basis, bands };
}

/** @param taken gets the id */
export function unique(id: string, taken: Set<string>): string {
  let free = id;
  for (let number = 2; taken.has(free); number++) free = `${id}_${number}`;
  taken.add(free);
  return free;
}
