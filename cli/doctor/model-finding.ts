// Which model scores the leads, and whether its file says the same.
import type { JobContext } from '../../jobs/context.ts';
import { shortHash } from '../../src/domain/texts/model-name.ts';
import { lastApplied } from '../../src/store/models/applied.ts';
import { findModelChange } from '../model-files/versions/model-changes.ts';
import { findUnappliedFile } from '../model-files/versions/unapplied-file.ts';
import type { Finding } from './finding.ts';

export async function modelFinding({ db, model, models }: JobContext, modelFile: string): Promise<Finding> {
  const { id } = model.compiled;
  const about = { part: 'leadgrade', what: 'model' };
  const unapplied = await findUnappliedFile(modelFile, models);
  if (unapplied !== null) return { ...about, level: 'warning', detail: unapplied.message, fix: unapplied.fix };
  const change = await findModelChange(db, id, model.hash);
  if (change !== null) return { ...about, level: 'warning', detail: change.message, fix: change.fix };
  const applied = await lastApplied(db);
  const since =
    applied === null
      ? 'not applied yet: the first start applies it'
      : `applied on ${applied.applied_at.toISOString().slice(0, 10)}`;
  const names = models.map(({ compiled, hash, key, role }) => {
    return `${compiled.id} (${shortHash(hash)}${key === null ? '' : `, ${key}, ${role}`})`;
  });
  return { ...about, level: 'ok', detail: `${names.join(', ')}, ${since}` };
}
