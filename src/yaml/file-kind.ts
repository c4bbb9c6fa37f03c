// Recognises the kind of a YAML file by its keys, so that a file that is given in the wrong place
// is named as what it is.

export type FileKind = 'model' | 'models' | 'crm' | 'csv' | 'events' | 'people' | 'titles';

const NAMES: Readonly<Record<FileKind, string>> = {
  model: 'a model',
  models: 'a list of models',
  crm: 'the mapping of a CRM',
  csv: 'the mapping of a CSV export',
  events: 'the mapping of events',
  people: 'a people file',
  titles: 'a dictionary of job titles',
};

const PLACES: Readonly<Record<FileKind, string>> = {
  model: 'Name it with --model or MODEL_FILE.',
  models: 'Name it with MODEL_FILE; where one model is wanted, name the file of one of them.',
  crm: 'It belongs at mappings/hubspot.yaml or mappings/salesforce.yaml.',
  csv: 'Name it with --mapping beside --csv.',
  events: 'It belongs at mappings/events.yaml.',
  people: 'It belongs at mappings/people.yaml.',
  titles: 'It belongs at mappings/titles.yaml.',
};

/** How to begin a file of the kind. */
export const IF_EMPTY: Readonly<Record<FileKind, string>> = {
  models: 'Begin with models: [{ name: new_business, file: model.yaml }].',
  model: 'Begin with name: my-model, version: "1" and status, or copy mappings/model.yaml.',
  crm: 'Begin with crm, fields and write_back, or copy a mapping of the package.',
  csv: 'Begin with csv: { id: Id } and fields. docs/exports.md has an example.',
  events: 'Write activities: [] to ignore all events.',
  people: 'Copy mappings/people.yaml of the package.',
  titles: 'Copy mappings/titles.yaml of the package.',
};

/** Null if the keys at the top of the file do not tell. */
export function kindOfText(text: string): FileKind | null {
  const keys = new Set([...text.matchAll(/^["']?(\w+)["']?\s*:/gm)].map(([, key]) => key));
  const has = (...names: readonly string[]) => names.some((name) => keys.has(name));
  if (has('models')) return 'models';
  if (has('works_for', 'levels', 'departments')) return 'titles';
  if (has('csv', 'unobserved', 'outcome')) return 'csv';
  if (has('crm', 'write_back', 'when_edited', 'leads', 'links', 'outcomes')) return 'crm';
  if (has('match', 'prefer', 'prefer_by_field', 'shared_inboxes')) return 'people';
  if (has('status', 'fit', 'behavior', 'version', 'bands', 'criteria', 'signals')) return 'model';
  if (has('fields')) return /from:\s*\[?\s*(contacts|companies|Lead|Contact|Account)\.\w/.test(text) ? 'crm' : 'csv';
  return has('activities') ? 'events' : null;
}

/** Of a file that is none of the wanted kind: that it is another one; null if it is not. */
export function otherKind(text: string, wanted: FileKind): { message: string; fix: string } | null {
  const found = kindOfText(text);
  if (found === null || found === wanted) return null;
  return { message: `this is ${NAMES[found]}, not ${NAMES[wanted]}.`, fix: PLACES[found] };
}
