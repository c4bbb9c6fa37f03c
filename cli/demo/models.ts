// The models of the demo, mappings/examples/demo/models.yaml, and what each of them shows after the three days.
import type { ScoredModel } from '../../jobs/context.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { modelDifferences } from '../../src/review/plan/model-differences.ts';
import { leadsByModel } from '../../src/store/models/models.ts';
import { yamlValue } from '../../src/yaml/yaml-value.ts';
import { type Comparison, compareNamed } from '../compare/compare-models.ts';
import { loadMapping } from '../product/files/load-mapping.ts';
import type { DisplayRecord } from './display-record.ts';
import { contactsInHubSpot } from './hubspot-view.ts';
import { type DemoCrms, findPeopleInBoth, type PersonInBoth } from './people.ts';
import { peopleInSalesforce } from './salesforce-view.ts';

export const DEMO_MODELS = 'mappings/examples/demo/models.yaml';

/** The shipped mappings leave customers out; the demo has a model for them. */
export async function demoMapping(crm: string): Promise<Mapping> {
  const { leads: _, ...mapping } = await loadMapping(crm);
  return mapping;
}

export interface ModelFigures {
  readonly model: ScoredModel;
  /** Leads that the model scores. */
  readonly leads: number;
  /** As displayed in HubSpot; empty for a shadow, which has no fields. */
  readonly contacts: readonly DisplayRecord[];
  /** People with a record in both CRMs. */
  readonly both: readonly PersonInBoth[];
}

/** The first model first. */
export async function readFigures(crms: DemoCrms): Promise<readonly ModelFigures[]> {
  const { db, models } = crms.product.context;
  const leads = await leadsByModel(db);
  const figures: ModelFigures[] = [];
  for (const model of models) {
    const own = model.role === 'live' ? await readFields(crms, model) : { contacts: [], both: [] };
    figures.push({ model, leads: leads.get(model.hash) ?? 0, ...own });
  }
  return figures;
}

async function readFields(crms: DemoCrms, { key }: ScoredModel) {
  const contacts = await contactsInHubSpot(crms.hubspot, key);
  return { contacts, both: findPeopleInBoth(crms, contacts, await peopleInSalesforce(crms.salesforce, key)) };
}

export interface ShadowFigures {
  readonly comparison: Comparison;
  /** What differs between the files of the models. */
  readonly differences: readonly string[];
}

/** Each shadow beside the first model. */
export async function compareShadows({
  product: { context },
}: Pick<DemoCrms, 'product'>): Promise<readonly ShadowFigures[]> {
  const shadows: ShadowFigures[] = [];
  for (const { name, text } of context.models.filter(({ role }) => role === 'shadow')) {
    const comparison = await compareNamed(context, [context.model.name, name], context.clock.now());
    shadows.push({ comparison, differences: modelDifferences(yamlValue(context.model.text), yamlValue(text)) });
  }
  return shadows;
}
