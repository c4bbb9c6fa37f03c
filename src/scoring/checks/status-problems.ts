// Checks of a model's `status` that its schema cannot express: references between bands, cells,
// gates and signals.
import type { Path } from '../../yaml/paths.ts';
import { parseCapacity } from '../capacity/capacity.ts';
import type { Model } from '../schemas/model-schema.ts';
import type { BandSource } from '../schemas/status-schema.ts';
import { conditionProblems, type ModelProblem, repeatedIds, unknownReference } from './model-checks.ts';

export function findStatusProblems(model: Model): ModelProblem[] {
  const { bands, gates = [], basis = 'total', behavior_levels = {} } = model.status;
  const bandIds = bands.map((band) => band.id);
  const signalIds = (model.behavior?.signals ?? []).map((signal) => signal.id);
  const problems = [...repeatedIds(bands, ['status', 'bands']), ...repeatedIds(gates, ['status', 'gates'])];
  bands.forEach((band, index) => {
    const path: Path = ['status', 'bands', index];
    const isLast = index === bands.length - 1;
    problems.push(...(isLast ? lastBandProblems(band, path) : bandProblems(band, basis, path)));
    problems.push(...cellProblems(band, Object.keys(behavior_levels), path));
    (band.requires?.any_signal ?? []).forEach((id, number) => {
      const at = [...path, 'requires', 'any_signal', number];
      if (!signalIds.includes(id)) problems.push(unknownReference('signal', id, signalIds, at));
    });
  });
  gates.forEach((gate, index) => {
    const path: Path = ['status', 'gates', index];
    problems.push(...conditionProblems(gate.unless, [...path, 'unless']));
    if (!bandIds.includes(gate.max_band)) {
      problems.push(unknownReference('band', gate.max_band, bandIds, [...path, 'max_band']));
    }
  });
  return [...problems, ...capacityProblems(bands), ...levelProblems(behavior_levels, basis)];
}

function bandProblems(band: BandSource, basis: string, path: Path): ModelProblem[] {
  const [needed, unused] = basis === 'matrix' ? (['cells', 'at_least'] as const) : (['at_least', 'cells'] as const);
  const problems: ModelProblem[] = [];
  if (band[needed] === undefined) {
    const message = `with basis ${basis}, every band but the last needs ${needed}.`;
    const fix = needed === 'cells' ? 'Add cells: [A1, A2]' : 'Add at_least: 50';
    problems.push({ level: 'error', path, message, fix });
  }
  if (band[unused] !== undefined) {
    problems.push({
      level: 'warning',
      path: [...path, unused],
      message: `with basis ${basis}, ${unused} is not used.`,
      fix: 'Remove it.',
    });
  }
  return problems;
}

/** Leads that reach a better band have reached the worse one as well. */
function capacityProblems(bands: readonly BandSource[]): ModelProblem[] {
  const capacities = bands.flatMap(({ id, at_least }, index) => {
    if (at_least === undefined || !('capacity' in at_least)) return [];
    return [{ id, index, text: at_least.capacity, perWeek: parseCapacity(at_least.capacity) ?? 0 }];
  });
  return capacities.flatMap((band): ModelProblem[] => {
    const better = capacities.findLast(({ index, perWeek }) => index < band.index && perWeek >= band.perWeek);
    if (better === undefined) return [];
    return [
      {
        level: 'error',
        path: ['status', 'bands', band.index, 'at_least', 'capacity'],
        message: `the capacity of ${band.id} (${band.text}) is not above that of ${better.id} (${better.text}): leads that reach ${better.id} count for ${band.id} as well.`,
        fix: `Write the leads of ${band.id} and of the better bands together, so more than ${better.text}.`,
      },
    ];
  });
}

function lastBandProblems(band: BandSource, path: Path): ModelProblem[] {
  return (['at_least', 'cells', 'requires'] as const)
    .filter((key) => band[key] !== undefined)
    .map((key) => ({
      level: 'warning',
      path: [...path, key],
      message: `the last band always applies, so ${key} is not used.`,
      fix: 'The best band comes first; the last one has no such key: { id: cold, label: Cold }.',
    }));
}

function cellProblems(band: BandSource, levels: readonly string[], path: Path): ModelProblem[] {
  return (band.cells ?? []).flatMap((cell, index) =>
    levels.includes(cell.slice(1))
      ? []
      : [unknownReference('behavior level', cell.slice(1), levels, [...path, 'cells', index])],
  );
}

function levelProblems(levels: Readonly<Record<string, number>>, basis: string): ModelProblem[] {
  const path: Path = ['status', 'behavior_levels'];
  const values = Object.values(levels);
  if (basis === 'matrix' && values.length === 0) {
    return [
      {
        level: 'error',
        path: ['status'],
        message: 'basis matrix needs behavior_levels.',
        fix: 'Add behavior_levels: { 1: 60, 2: 40, 3: 20, 4: 0 }',
      },
    ];
  }
  if (new Set(values).size === values.length) return [];
  return [
    {
      level: 'error',
      path,
      message: 'two behavior levels start at the same score.',
      fix: 'Give each level another score.',
    },
  ];
}
