// Adds the fields that are made from job titles to the leads of a file.
import type { Model } from '../../src/scoring/schemas/model-schema.ts';
import { createTitleFields, TITLE_FIELDS } from '../../src/titles/read-title.ts';
import { loadTitles } from '../product/files/load-titles.ts';
import type { Entry, Source } from '../score/entries.ts';

/** The leads with those fields that are made from their job titles and that the model names. */
export async function withTitleFields(source: Source, model: Model): Promise<Source> {
  const names = JSON.stringify(model);
  const wanted = TITLE_FIELDS.filter((field) => names.includes(`"${field}"`));
  if (wanted.length === 0) return source;
  const addFields = createTitleFields((await loadTitles()).dictionary, wanted);
  async function* entries(): AsyncGenerator<Entry> {
    for await (const entry of source.entries) {
      yield 'error' in entry ? entry : { ...entry, lead: { ...entry.lead, fields: addFields(entry.lead.fields) } };
    }
  }
  return { ...source, entries: entries() };
}
