// One of several models by its name.
import type { JobContext, ScoredModel } from '../../jobs/context.ts';
import { ConfigurationError } from '../product/configuration-error.ts';

/** @throws ConfigurationError for a name that no applied model has */
export function modelNamed({ models }: Pick<JobContext, 'models'>, name: string): ScoredModel {
  const found = models.find((model) => model.name === name);
  if (found !== undefined) return found;
  const fix =
    models.length === 1
      ? 'MODEL_FILE is one model. Set it to a file that lists several (docs/several-models.md).'
      : `MODEL_FILE lists ${models.map((model) => model.name).join(', ')}. A model that was added to the list must be applied first: npx leadgrade apply.`;
  throw new ConfigurationError(`There is no model "${name}". ${fix}`);
}
