// Several models side by side for tests: the shipped one, and changed copies of it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SHIPPED = readFileSync(new URL('../../mappings/model.yaml', import.meta.url), 'utf8');

export interface TestModel {
  readonly name: string;
  readonly role?: 'live' | 'shadow';
  /** A condition in YAML's flow style. */
  readonly where?: string;
  /** Text of the shipped model, and what the copy has in its place. */
  readonly replace?: readonly (readonly [string, string])[];
  /** Another model file than the shipped one. */
  readonly text?: string;
}

/** Writes the models and their list. @returns the list's file, for MODEL_FILE */
export function writeModels(folder: string, models: readonly TestModel[]): string {
  const entries = models.map(({ name, role, where, replace = [], text: own = SHIPPED }) => {
    const text = replace.reduce(
      (all, [before, after]) => {
        if (!all.includes(before)) throw new Error(`The shipped model does not contain: ${before}`);
        return all.replace(before, after);
      },
      own.replace('name: b2b-saas', `name: ${name}`),
    );
    writeFileSync(join(folder, `${name}.yaml`), text);
    return [
      `  - name: ${name}`,
      `    file: ${name}.yaml`,
      ...(role === undefined ? [] : [`    role: ${role}`]),
      ...(where === undefined ? [] : [`    where: ${where}`]),
    ].join('\n');
  });
  const file = join(folder, 'models.yaml');
  writeFileSync(file, `models:\n${entries.join('\n')}\n`);
  return file;
}
