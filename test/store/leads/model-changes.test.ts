// A model that changed while its version did not, and rules that are surely not meant, are said.
import { expect, test } from 'vitest';
import { modelWarnings } from '../../../cli/model-files/model-warnings.ts';
import { ruleWarnings } from '../../../cli/model-files/rule-warnings.ts';
import { findModelChange } from '../../../cli/model-files/versions/model-changes.ts';
import { onlyModel } from '../../../jobs/context.ts';
import { sha256Hex } from '../../../src/domain/texts/sha256-hex.ts';
import { compileModel } from '../../../src/scoring/compile/compile.ts';
import { findDeadRules } from '../../../src/scoring/dead-rules/find-dead-rules.ts';
import { readModel } from '../../../src/scoring/schemas/model.ts';
import { saveModel } from '../../../src/store/models/models.ts';
import { BACKEND } from '../../support/backends.ts';
import { freshStore } from '../fresh-store.ts';

const TEXT = `name: blog
version: "1"
behavior: { signals: [ { id: demo, activity: form_submission, points: 40 } ] }
status: { bands: [ { id: hot, at_least: 30, sla: 1h }, { id: cold } ] }
`;
const store = freshStore(BACKEND);
const NOW = new Date('2026-11-22T00:00:00Z');

test('a model with the same name, version and content does not count as changed', async () => {
  const { db } = store;
  await saveModel(db, { hash: sha256Hex(TEXT), name: 'blog@1', text: TEXT }, NOW);
  expect(await findModelChange(db, 'blog@1', sha256Hex(TEXT))).toBeNull();
});

test('a model with the same version and another content is named with both hashes, at start too', async () => {
  const { db } = store;
  const text = TEXT.replace('points: 40', 'points: 50');
  await saveModel(db, { hash: sha256Hex(TEXT), name: 'blog@1', text: TEXT }, NOW);
  const [before, after] = [sha256Hex(TEXT), sha256Hex(text)].map((hash) => hash.slice(0, 8));
  const message = `the model changed, and its version did not: blog@1 is ${after} now and was ${before} (used since 2026-11-22).`;
  expect(await findModelChange(db, 'blog@1', sha256Hex(text))).toMatchObject({ message });
  const { model } = readModel(text, 'm.yaml');
  if (model === null) throw new Error('The model is not valid.');
  const active = onlyModel({ compiled: compileModel(model), text, hash: sha256Hex(text) });
  expect(await modelWarnings({ db, models: [active], crms: new Map() })).toEqual([
    'sla of a band has no effect yet (hot).',
    `${message} Raise version, so that every score tells which model gave it.`,
  ]);
});

test('rules that are surely not meant are one line', () => {
  const { model } = readModel(TEXT.replace('{ id: cold }', '{ id: mql, at_least: 35 }, { id: cold }'), 'm.yaml');
  expect(model && ruleWarnings(findDeadRules(model, new Map()).problems)).toEqual([
    'The model has rules that are surely not meant: the bands do not fall: hot begins at 30 and, after it, mql at 35, so no lead is ever mql. Run: npx leadgrade validate',
  ]);
});
