// An empty folder of a test's own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithTest } from '../../sandbox/test/end-with-test.ts';

/** Removed with the test that makes it. */
export async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'leadgrade-test-'));
  endWithTest(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}
