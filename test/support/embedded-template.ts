// Runs once before all tests: an empty embedded database, made as the product makes it. Tests copy it, as making one costs four
// seconds of a processor; the test of the demo makes a new one.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../../src/store/open-database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A DATA_DIR that nobody has open. */
    embeddedTemplate: string;
  }
}

export default async function makeTemplate(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'leadgrade-template-'));
  await (await openDatabase({ dataDir: folder })).close();
  project.provide('embeddedTemplate', folder);
  // Tests start the product as a process many times: what it compiles is compiled once.
  process.env.NODE_COMPILE_CACHE = join(folder, 'compiled');
  // A process that a test has just ended may still write to it.
  return () => rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
