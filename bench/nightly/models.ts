// Several models for the benchmark: copies of the shipped one with other points.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @returns the file that lists them, for MODEL_FILE */
export function writeBenchModels(count: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'leadgrade-bench-models-'));
  const text = readFileSync(new URL('../../mappings/model.yaml', import.meta.url), 'utf8');
  const entries = Array.from({ length: count }, (_, index) => {
    const name = `m${index + 1}`;
    const own = text
      .replace('name: b2b-saas', `name: ${name}`)
      .replace('points: 30, label: Executive', `points: ${30 + index}, label: Executive`);
    writeFileSync(join(folder, `${name}.yaml`), own);
    const role = index > 0 && index === count - 1 ? 'shadow' : 'live';
    return `  - { name: ${name}, file: ${name}.yaml, role: ${role} }`;
  });
  const file = join(folder, 'models.yaml');
  writeFileSync(file, `models:\n${entries.join('\n')}\n`);
  return file;
}
