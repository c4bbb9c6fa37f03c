// `npx leadgrade models list | show | diff`: the models that were applied, and what differs between them.
import type { Kysely } from 'kysely';
import { shortHash } from '../../src/domain/texts/model-name.ts';
import { minuteOf } from '../../src/review/history/history-texts.ts';
import { modelDifferences } from '../../src/review/plan/model-differences.ts';
import { modelsDifferences } from '../../src/review/plan/models-differences.ts';
import { type Applied, listApplied } from '../../src/store/models/applied.ts';
import { leadsByModel, storedModels } from '../../src/store/models/models.ts';
import type { AppliedModel } from '../../src/store/tables/leads.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import { yamlValue } from '../../src/yaml/yaml-value.ts';
import { modelFile } from '../product/files/load-model.ts';
import { shippedFile } from '../product/files/shipped-file.ts';
import { reportFailures } from '../product/report-failures.ts';
import { withDatabase } from '../product/with-database.ts';
import type { CommandIo } from '../terminal/io.ts';
import { textOf } from './find-model.ts';

/** Lines for one version; a rewritten model would fill a page. */
const MAX_CHANGES = 10;
const NO_CHANGE = 'Nothing that gives another score.';

export function listAppliedModels(io: CommandIo, json: boolean): Promise<void> {
  return reportFailures(io, async () => {
    const versions = await withDatabase(io, versionsOf);
    if (json) io.stdout.write(`${JSON.stringify(versions)}\n`);
    else io.stdout.write(versions.length === 0 ? 'No model was applied yet.\n' : `${lines(versions).join('\n')}\n`);
  });
}

interface Version extends AppliedModel, Pick<Applied, 'applied_at' | 'applied_by' | 'cause' | 'plan_hash'> {
  /** What differs from the version before; null = it was the first, or a text is not stored. */
  readonly changes: readonly string[] | null;
  readonly is_in_use: boolean;
  /** Leads whose present result it gave. */
  readonly leads: number;
}

/** Newest first. */
async function versionsOf(db: Kysely<Tables>): Promise<readonly Version[]> {
  const applied = await listApplied(db);
  const texts = await storedModels(db);
  const leads = await leadsByModel(db);
  return applied.flatMap(({ models, id: _, ...row }, index) =>
    models.map((model) => {
      const before = applied[index + 1]?.models.find(({ key }) => key === model.key);
      const listed = [before, model].flatMap((each) => {
        const text = each === undefined ? undefined : texts.get(each.hash);
        return each === undefined || text === undefined ? [] : [{ ...each, content: yamlValue(text) }];
      });
      const [left, right] = listed;
      const changes = left === undefined || right === undefined ? null : modelsDifferences([left], [right]);
      return { ...model, ...row, changes, is_in_use: index === 0, leads: leads.get(model.hash) ?? 0 };
    }),
  );
}

function lines(versions: readonly Version[]): string[] {
  return versions.flatMap((version, index) => {
    const { hash, name, key, role, applied_at, applied_by, cause, changes, leads, is_in_use: isInUse } = version;
    const by = applied_by === null ? `at the ${cause}` : `by ${applied_by}${cause === 'rollback' ? ' (rollback)' : ''}`;
    const state = isInUse ? ', in use' : '';
    const shown = key === null ? name : `${name} (${key}, ${role})`;
    const scored = `${leads} leads have their score from it`;
    return [
      `${shortHash(hash)}  ${shown}  applied ${minuteOf(applied_at.getTime())} UTC ${by}${state}; ${scored}`,
      ...shortened(changes ?? [], diffOf(version, versions.slice(index + 1))).map((change) => `          ${change}`),
      ...(changes?.length === 0 ? [`          ${NO_CHANGE}`] : []),
    ];
  });
}

/** The command that prints all that differs from the version before. */
function diffOf({ hash, key }: Version, older: readonly Version[]): string {
  const before = older.find((each) => each.key === key);
  return `npx leadgrade models diff ${shortHash(before?.hash ?? hash)} ${shortHash(hash)}`;
}

function shortened(changes: readonly string[], diff: string): readonly string[] {
  if (changes.length <= MAX_CHANGES) return changes;
  return [...changes.slice(0, MAX_CHANGES - 1), `and ${changes.length - MAX_CHANGES + 1} more: ${diff}`];
}

export function showModel(io: CommandIo, name: string): Promise<void> {
  return reportFailures(io, async () => {
    const { text } = await withDatabase(io, (db) => textOf(db, name));
    io.stdout.write(text);
  });
}

export function diffModels(io: CommandIo, before: string, after: string | undefined, json: boolean): Promise<void> {
  return reportFailures(io, async () => {
    const [left, right] = await withDatabase(io, async (db) => [
      await textOf(db, before),
      await textOf(db, after ?? shippedFile(modelFile(io.env, undefined))),
    ]);
    const changes = modelDifferences(yamlValue(left.text), yamlValue(right.text));
    const named = [`${left.name} → ${right.name}`, ...changes];
    if (json) io.stdout.write(`${JSON.stringify({ before: left.name, after: right.name, changes })}\n`);
    else io.stdout.write(`${[...named, ...(changes.length === 0 ? [NO_CHANGE] : [])].join('\n')}\n`);
  });
}
