// Judges one file as what it is by its keys: a model, the mapping of a CRM, of an export or of
// events, or people.yaml.
import { connectorIds } from '../../connectors/registry.ts';
import { readCsvMapping } from '../../src/csv/csv-mapping.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { readEventsMapping } from '../../src/mapping/events-mapping.ts';
import { type Mapping, readMapping } from '../../src/mapping/mapping.ts';
import { readPeople } from '../../src/people/people-policy.ts';
import { compileModel } from '../../src/scoring/compile/compile.ts';
import type { FieldFacts } from '../../src/scoring/dead-rules/field-types.ts';
import { findDeadRules } from '../../src/scoring/dead-rules/find-dead-rules.ts';
import { reachLines } from '../../src/scoring/dead-rules/reach.ts';
import { lintModel } from '../../src/scoring/lint/lint-model.ts';
import type { Condition } from '../../src/scoring/schemas/condition.ts';
import { type Model, readModelWithPlaces } from '../../src/scoring/schemas/model.ts';
import { readTitles } from '../../src/titles/titles-file.ts';
import type { FileKind } from '../../src/yaml/file-kind.ts';
import { byPlace, formatPath, type Path, type Place } from '../../src/yaml/paths.ts';
import { deadActivityRules } from './dead-activity-rules.ts';
import { modelGap } from './model-gaps.ts';

export interface Judged {
  readonly problems: readonly Problem[];
  /** Of a valid mapping. */
  readonly fields?: Pick<Mapping, 'fields' | 'tables'>;
  /** `leads.where` of a valid mapping of a CRM. */
  readonly scope?: { readonly file: string; readonly where: Condition };
}

export interface JudgedModel {
  readonly model: Model | null;
  readonly problems: readonly Problem[];
  /** Of a valid model: the highest scores, and how each band is reached. */
  readonly reach: readonly string[];
  /** Where a part of the model is in the file. */
  locate(path: Path): Place;
}

/**
 * @param facts what the mappings put into the fields
 * @param given the fields that the mappings give; null: there are no mappings to compare with
 */
export function judgeModel(
  text: string,
  file: string,
  facts: FieldFacts,
  given: ReadonlySet<string> | null = null,
): JudgedModel {
  const { model, problems, locate } = readModelWithPlaces(text, file);
  if (model === null) return { model, problems, reach: [], locate };
  const review = findDeadRules(model, facts);
  const found = [...review.problems, ...lintModel(model, review.reach)].map(({ path, ...problem }): Problem => {
    return { ...problem, file, ...locate(path), path: formatPath(path) };
  });
  const gap = given === null ? null : modelGap(compileModel(model), given);
  const path = model.fit === undefined ? ['behavior'] : ['fit'];
  const missing: readonly Problem[] =
    gap === null
      ? []
      : [{ level: 'warning', file, ...locate(path), path: formatPath(path), message: `${gap.message}.`, fix: gap.fix }];
  return {
    model,
    problems: [...problems, ...found, ...missing].toSorted(byPlace),
    reach: reachLines(model, review.reach),
    locate,
  };
}

export async function judgeMapping(
  text: string,
  file: string,
  kind: Exclude<FileKind, 'model' | 'models'>,
): Promise<Judged> {
  switch (kind) {
    case 'csv': {
      const { mapping, problems } = readCsvMapping(text, file);
      return mapping === null ? { problems } : { problems, fields: { ...mapping, fields: mapping.fields } };
    }
    case 'titles':
      return { problems: readTitles(text, file).problems };
    case 'people':
      return { problems: readPeople(text, file, await connectorIds()).problems };
    case 'events': {
      const { mapping, problems } = readEventsMapping(text, file);
      return { problems: [...problems, ...deadActivityRules(mapping?.activities ?? [], text, file)] };
    }
    default: {
      const { mapping, problems } = readMapping(text, file);
      if (mapping === null) return { problems };
      return {
        problems: [...problems, ...deadActivityRules(mapping.activities ?? [], text, file)],
        fields: mapping,
        ...(mapping.leads !== undefined && { scope: { file, where: mapping.leads.where } }),
      };
    }
  }
}
