// `validate` of a file that lists several models: the list itself, and the files that it names.
import type { Problem } from '../../src/domain/problem.ts';
import { type Conjunction, toConjunction } from '../../src/scoring/dead-rules/conjunction.ts';
import { contradictionIn } from '../../src/scoring/dead-rules/contradictions.ts';
import { readModelSet } from '../../src/scoring/model-set/model-set.ts';
import { type Condition, conditionFields } from '../../src/scoring/schemas/condition.ts';
import { TITLE_FIELDS } from '../../src/titles/read-title.ts';
import { entryFile } from '../product/files/load-models.ts';

/** The models of a list, with their files as the list names them; none if the list is not valid. */
export function modelsOfSet(text: string, file: string): readonly SetModel[] {
  return (readModelSet(text, file).set?.models ?? []).map((entry) => {
    return { file: entryFile(file, entry), where: entry.where ?? null };
  });
}

interface SetModel {
  readonly file: string;
  readonly where: Condition | null;
}

interface Mappings {
  /** The fields that the mappings give; null: there are no mappings to compare with. */
  readonly given: ReadonlySet<string> | null;
  /** `leads.where` of the mappings. */
  readonly scopes: readonly { readonly file: string; readonly where: Condition }[];
}

/** Two fields are made from the job title. */
function isGiven(field: string, given: ReadonlySet<string>): boolean {
  const isOfTitle = TITLE_FIELDS.some((each) => each === field);
  return given.has(field) || (isOfTitle && given.has('contact.job_title'));
}

export function judgeModelSet(text: string, file: string, { given, scopes }: Mappings): readonly Problem[] {
  const { set, problems, toProblem } = readModelSet(text, file);
  const found = (set?.models ?? []).flatMap(({ name, where }, index): Problem[] => {
    if (where === undefined) return [];
    const path = ['models', index, 'where'];
    const missing = given === null ? [] : conditionFields(where).filter((field) => !isGiven(field, given));
    const unknown = missing.map((field) => {
      const message = `no mapping gives ${field}, and an unknown value does not match.`;
      return toProblem({ level: 'warning', path, message, fix: 'Add it under fields in the mapping of your CRM.' });
    });
    const outside = scopes.flatMap((scope) => {
      const reason = contradictionIn(both(toConjunction(where), toConjunction(scope.where)));
      if (reason === null) return [];
      const message = `the model ${name} scores no lead of ${scope.file}: its leads.where excludes them (${reason}).`;
      return [
        toProblem({ level: 'warning', path, message, fix: `Change leads.where in ${scope.file}, or remove it.` }),
      ];
    });
    return [...unknown, ...outside];
  });
  return [...problems, ...found];
}

function both(a: Conjunction, b: Conjunction): Conjunction {
  return { parts: [...a.parts, ...b.parts], anyOf: [...a.anyOf, ...b.anyOf] };
}
