// Our fields in the sandbox CRMs of these settings, as `leadgrade setup` creates them: without a store or a process, which cost
// seconds.
import { readFile } from 'node:fs/promises';
import { readConfig } from '../../cli/product/config.ts';
import { loadCrms } from '../../cli/product/files/load-crms.ts';
import { writeTarget } from '../../cli/setup/write-target.ts';
import { compileModel } from '../../src/scoring/compile/compile.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { createMemoryLimiter } from './memory-limiter.ts';

const MODEL = new URL('../../mappings/model.yaml', import.meta.url);

export async function createOurFields(env: Readonly<Record<string, string>>): Promise<void> {
  const read = readConfig(env);
  if (!('config' in read)) throw new Error(read.problems);
  const { model } = readModel(await readFile(MODEL, 'utf8'), MODEL.pathname);
  if (model === null) throw new Error('The shipped model cannot be read.');
  const crms = await loadCrms({
    settingsOf: read.config.connectorSettings,
    models: [],
    limiter: createMemoryLimiter(),
    clock: { now: () => new Date() },
  });
  const target = writeTarget([{ compiled: compileModel(model) }]);
  for (const { connector } of crms.values()) {
    for await (const step of connector.applySetup(target, { dryRun: false }, new AbortController().signal)) {
      if (step.state === 'would-create') throw new Error(`${step.what} was not created`);
    }
    await connector.close();
  }
}
