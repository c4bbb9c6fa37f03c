// Texts in conditions that surely or probably do not say what was meant: an empty list, a wildcard
// in a word, a path without its slash.
import { CANONICAL_ACTIVITIES } from '../../domain/canonical.ts';
import { closest } from '../../problems/suggest.ts';
import type { ModelProblem } from '../checks/model-checks.ts';
import type { Condition, Operators } from '../schemas/condition.ts';
import type { Model } from '../schemas/model-schema.ts';
import { conditionsOf } from './field-types.ts';
import { signalConditions } from './signal-rules.ts';

type Path = ModelProblem['path'];
type ListOperator = 'one_of' | 'contains' | 'starts_with' | 'has_word';

const LISTS: readonly ListOperator[] = ['one_of', 'contains', 'starts_with', 'has_word'];
const PATTERN = /^\^|\$$|\.[*+]|\\[bdsw]/;

export function findTextMistakes(model: Model): ModelProblem[] {
  const signals = (model.behavior?.signals ?? []).flatMap((signal, index) => {
    if (signal.kind === 'state') return [];
    return signalConditions(signal).map(([keys, condition]) => {
      const activity = signal.kind === 'absent' ? signal.absent.activity : signal.activity;
      return { condition, path: ['behavior', 'signals', index, ...keys], attribute: keys.at(-1) ?? '', activity };
    });
  });
  return [
    ...conditionsOf(model).flatMap(({ condition, path }) => textProblems(condition, path)),
    ...signals.flatMap(({ condition, path, attribute, activity }) => [
      ...textProblems(condition, path),
      ...attributeProblems(activity, attribute, path),
      ...(activity === 'page_view' && attribute === 'path' ? pathProblems(condition, path) : []),
    ]),
  ];
}

function textProblems(condition: Condition, path: Path): ModelProblem[] {
  const { all = [], any = [], not } = condition;
  return [
    ...operatorProblems(condition, path),
    ...(not === undefined ? [] : textProblems(not, [...path, 'not'])),
    ...all.flatMap((each, index) => textProblems(each, [...path, 'all', index])),
    ...any.flatMap((each, index) => textProblems(each, [...path, 'any', index])),
  ];
}

function operatorProblems(operators: Operators, path: Path): ModelProblem[] {
  const lists = LISTS.flatMap((key) => {
    const values = operators[key];
    return values === undefined ? [] : listProblems(key, values, [...path, key]);
  });
  return isBlank(operators.is) ? [neverBlank('is', [...path, 'is']), ...lists] : lists;
}

function listProblems(key: ListOperator, values: readonly unknown[], path: Path): ModelProblem[] {
  if (values.length === 0) {
    const fix = 'Write its entries, or remove the condition.';
    return [{ level: 'error', path, message: `${key} is an empty list, so it never holds.`, fix }];
  }
  const blank = values.findIndex(isBlank);
  if (blank >= 0) {
    if (key === 'one_of') return [neverBlank(key, [...path, blank])];
    const message = `${key} has an empty text, which ${key === 'has_word' ? 'no word equals' : 'every text has'}.`;
    return [{ level: 'error', path: [...path, blank], message, fix: 'Remove it.' }];
  }
  return values.flatMap((value, index) =>
    typeof value === 'string' ? entryProblems(key, value, [...path, index], values.length) : [],
  );
}

function entryProblems(key: ListOperator, text: string, path: Path, entries: number): ModelProblem[] {
  const plain = text.replace(/^\*+|\*+$/g, '');
  if (plain !== text && plain !== '') {
    const other = text.startsWith('*') ? 'contains' : 'starts_with';
    const message = `${key} reads "*" as a sign of the text "${text}", not as "anything".`;
    return [{ level: 'warning', path, message, fix: `Write ${other}: [${plain}]` }];
  }
  if (PATTERN.test(text)) {
    const fix = `Write matches: '(?i)${text.replaceAll("'", "''")}', or the text alone.`;
    return [{ level: 'warning', path, message: `${key} reads "${text}" as a text, not as a pattern.`, fix }];
  }
  const words = text.split(/\s*,\s*/);
  if (key !== 'has_word' || entries > 1 || words.length < 2 || words.some((each) => /\s/.test(each))) return [];
  const message = `has_word looks for "${text}" with its comma.`;
  return [{ level: 'warning', path, message, fix: `Write has_word: [${words.join(', ')}]` }];
}

function neverBlank(key: string, path: Path): ModelProblem {
  const message = `${key} has an empty text, and an empty value is unknown, so it never holds.`;
  return { level: 'error', path, message, fix: 'For "has no value" write present: false' };
}

function isBlank(value: unknown): boolean {
  return typeof value === 'string' && value.trim() === '';
}

function attributeProblems(activity: string, attribute: string, path: Path): ModelProblem[] {
  const known = Object.hasOwn(CANONICAL_ACTIVITIES, activity) ? (CANONICAL_ACTIVITIES[activity] ?? []) : [];
  if (known.length === 0 || known.includes(attribute)) return [];
  const meant = closest(attribute, known) ?? (attribute.includes(known[0] ?? '') ? known[0] : undefined);
  const what = meant === undefined ? '.' : `: did you mean ${meant}?`;
  const message = `${activity} has no attribute "${attribute}" in the mappings that come with Leadgrade${what}`;
  const fix = `They give ${known.join(', ')}. If it is your own attribute, a mapping must give it.`;
  return [{ level: 'warning', path, message, fix }];
}

/** A path begins with a slash, and has no host. */
function pathProblems({ is, one_of = [], starts_with = [] }: Condition, path: Path): ModelProblem[] {
  const given: readonly (readonly [string, unknown])[] = [
    ...(is === undefined ? [] : [['is', is] as const]),
    ...one_of.map((value) => ['one_of', value] as const),
    ...starts_with.map((value) => ['starts_with', value] as const),
  ];
  return given.flatMap(([key, value]): ModelProblem[] => {
    if (typeof value !== 'string' || value === '' || /^[/*^]/.test(value)) return [];
    const [, host, rest = '/'] = /^(?:https?:\/\/)?([\w-]+(?:\.[\w-]+)+)(\/.*)?$/i.exec(value) ?? [];
    const meant = host === undefined ? `/${value}` : rest;
    const written = key === 'is' ? meant : `[${meant}]`;
    const message = `the path of a page begins with "/" and has no host, so "${value}" never ${key === 'starts_with' ? 'begins' : 'is'} one.`;
    return [{ level: 'warning', path: [...path, key], message, fix: `Write ${key}: ${written}` }];
  });
}
