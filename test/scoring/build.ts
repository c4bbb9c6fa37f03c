// Builders of models and leads for tests.
import type { Activity, Fields, Lead } from '../../src/domain/lead.ts';
import { type CompiledModel, compileModel } from '../../src/scoring/compile/compile.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';

export const DAY = 86_400_000;
export const NOW = Date.UTC(2026, 10, 22);

/** Compiles a model given as YAML or JSON; throws with its problems. */
export function modelOf(text: string): CompiledModel {
  const { model, problems } = readModel(text, 'model.yaml');
  if (!model) throw new Error(JSON.stringify(problems, null, 2));
  return compileModel(model);
}

/** A model of these parts, with one band by default. */
export function modelWith(parts: { fit?: unknown; behavior?: unknown; status?: unknown }): CompiledModel {
  return modelOf(JSON.stringify({ name: 'test', version: '1', status: { bands: [{ id: 'all' }] }, ...parts }));
}

export function leadOf(
  parts: { fields?: Fields; activities?: readonly Activity[]; unobserved?: readonly string[] } = {},
): Lead {
  return { id: '1', fields: {}, activities: [], unobserved: [], ...parts };
}

let lastId = 0;

/** An activity `days` days before NOW. */
export function did(type: string, days: number, attributes: Fields = {}): Activity {
  lastId++;
  return { id: `a${lastId}`, type, at: NOW - days * DAY, attributes };
}
