// A file system of a few megabytes that a test can fill. Mounting needs rights that many machines do not give; there the
// tests of a full disk are left out, aloud. That a database takes no writes is also tested without it, by a read-only one.
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { endWithTest } from '../../sandbox/test/end-with-test.ts';
import { start } from './processes.ts';
import { testFolder } from './test-folder.ts';

export interface SmallDisk {
  readonly folder: string;
  /** Leaves not a byte. */
  fill(): Promise<void>;
  /** Frees what `fill` has taken. */
  free(): Promise<void>;
}

/** Null where mounting is not permitted. Unmounted with the test that mounts it. */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk | null> {
  const parent = await testFolder();
  // A Postgres that a test starts there runs as another user.
  await chmod(parent, 0o711);
  const folder = join(parent, 'disk');
  await mkdir(folder);
  const mount = start('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  if ((await mount.ended) !== 0) {
    console.warn(`NOT TESTED: a full disk. A file system cannot be mounted here: ${mount.output().trim()}`);
    return null;
  }
  endWithTest(async () => void (await start('umount', ['--lazy', folder]).ended));
  const filler = join(folder, 'filler');
  return {
    folder,
    // dd ends with "No space left on device".
    fill: async () => void (await start('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4096']).ended),
    free: () => rm(filler, { force: true }),
  };
}
