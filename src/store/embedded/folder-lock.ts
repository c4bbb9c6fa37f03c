// Who owns a data folder. PGlite's files bear one process at a time, so the first one takes a lock file of the folder and
// the others connect to its socket. A lock whose process is gone is taken over.
//
// The files are `owner-<generation>.json`; the highest generation counts and the next one is created exclusively, so that
// two processes that find the same dead owner cannot both follow it. A file is never emptied of its generation: a release
// rewrites it as released.
import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const ownerSchema = z.object({
  pid: z.int(),
  /** Process start as the system counts it; tells a reused pid. Empty where the system does not say. */
  startedAt: z.string(),
  host: z.string(),
  /** The folder of its Unix socket: not always inside the data folder. */
  socketFolder: z.string(),
  released: z.boolean(),
});

export type FolderOwner = z.infer<typeof ownerSchema>;

/**
 * - `alive`, `gone`: known of a process of this machine.
 * - `elsewhere`: it was written under another host name (another container on the same volume); only its socket can tell.
 */
export type OwnerState = 'alive' | 'gone' | 'elsewhere';

interface HeldLock {
  readonly generation: number;
  readonly owner: FolderOwner | null;
}

const LOCK_FILE = /^owner-(\d+)\.json$/;

/** The lock that counts; generation 0 when the folder never had an owner. */
export async function readLock(dataDir: string): Promise<HeldLock> {
  const generation = await highestGeneration(dataDir);
  if (generation === 0) return { generation, owner: null };
  try {
    const content: unknown = JSON.parse(await readFile(lockPath(dataDir, generation), 'utf8'));
    return { generation, owner: ownerSchema.parse(content) };
  } catch (cause) {
    // Removed by its successor between the two reads: look again.
    if ((await highestGeneration(dataDir)) > generation) return readLock(dataDir);
    const fix = 'Remove the file when no leadgrade process uses the folder.';
    throw new Error(`${lockPath(dataDir, generation)} is not a readable lock file. ${fix}`, { cause });
  }
}

export async function ownerState(owner: FolderOwner): Promise<OwnerState> {
  if (owner.released) return 'gone';
  if (owner.host !== hostname()) return 'elsewhere';
  if (!isRunning(owner.pid)) return 'gone';
  return (await startOf(owner.pid)) === owner.startedAt ? 'alive' : 'gone';
}

/** @returns what gives the lock back, or null when another process was faster (read the lock again). */
export async function claimLock(
  dataDir: string,
  previousGeneration: number,
  socketFolder: string,
): Promise<(() => Promise<void>) | null> {
  const generation = previousGeneration + 1;
  const path = lockPath(dataDir, generation);
  const owner: FolderOwner = {
    pid: process.pid,
    startedAt: await startOf(process.pid),
    host: hostname(),
    socketFolder,
    released: false,
  };
  if (!(await createExclusively(dataDir, path, owner))) return null;
  if ((await highestGeneration(dataDir)) > generation) {
    // We came so late that our generation had been used and cleared away.
    await unlink(path);
    return null;
  }
  await removeOlder(dataDir, generation);
  return () => replace(dataDir, path, { ...owner, released: true });
}

/** A link appears with its content or not at all, and only where there is none. */
async function createExclusively(dataDir: string, path: string, owner: FolderOwner): Promise<boolean> {
  const draft = await writeDraft(dataDir, owner);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

async function replace(dataDir: string, path: string, owner: FolderOwner): Promise<void> {
  await rename(await writeDraft(dataDir, owner), path);
}

async function writeDraft(dataDir: string, owner: FolderOwner): Promise<string> {
  const draft = join(dataDir, `owner-draft-${randomUUID()}`);
  await writeFile(draft, JSON.stringify(owner), { mode: 0o600 });
  return draft;
}

async function removeOlder(dataDir: string, generation: number): Promise<void> {
  for (const each of await generations(dataDir)) {
    if (each < generation) await unlink(lockPath(dataDir, each)).catch(() => undefined);
  }
}

async function highestGeneration(dataDir: string): Promise<number> {
  return Math.max(0, ...(await generations(dataDir)));
}

async function generations(dataDir: string): Promise<readonly number[]> {
  return (await readdir(dataDir)).flatMap((name) => {
    const number = LOCK_FILE.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

function lockPath(dataDir: string, generation: number): string {
  return join(dataDir, `owner-${generation}.json`);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process runs all the same.
    return hasCode(error, 'EPERM');
  }
}

/** Field 22 of /proc/<pid>/stat, counted after the program's name, which may hold blanks and brackets (proc(5)). */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
