// Models in the form in which two lists of them are compared.
import { toAppliedModel } from '../../../jobs/applied-model.ts';
import type { ScoredModel } from '../../../jobs/context.ts';
import type { ListedModel } from '../../../src/review/plan/models-differences.ts';
import { yamlValue } from '../../../src/yaml/yaml-value.ts';

export function toListedModels(models: readonly ScoredModel[]): readonly ListedModel[] {
  return models.map((model) => ({ ...toAppliedModel(model), content: yamlValue(model.text) }));
}
