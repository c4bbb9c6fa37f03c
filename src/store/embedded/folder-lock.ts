// The lock of a data folder. Only one process can use PGlite's files, so the first one creates a
// lock file and the others connect to its socket. The lock of a dead process is replaced.
//
// The files are `owner-<generation>.json`. The highest generation counts, and the next one is
// created exclusively, so that two processes that find the same dead owner cannot both replace it.
// A release rewrites the file as released and keeps its generation.
import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const ownerSchema = z.object({
  pid: z.int(),
  /**
   * Start of the process in the system's own unit, to detect a reused pid. Empty if the system does
   * not provide it.
   */
  startedAt: z.string(),
  host: z.string(),
  /** The folder of its Unix socket, which is not always inside the data folder. */
  socketFolder: z.string(),
  released: z.boolean(),
});

export type FolderOwner = z.infer<typeof ownerSchema>;

/**
 * - `alive`, `gone`: known for a process on this machine.
 * - `elsewhere`: the lock has another host name (another container on the same volume). Only its
 * socket shows whether it is alive.
 */
export type OwnerState = 'alive' | 'gone' | 'elsewhere';

interface HeldLock {
  readonly generation: number;
  readonly owner: FolderOwner | null;
}

const LOCK_FILE = /^owner-(\d+)\.json$/;

/** The present lock; generation 0 if the folder never had an owner. */
export async function readLock(dataDir: string): Promise<HeldLock> {
  const generation = await highestGeneration(dataDir);
  if (generation === 0) return { generation, owner: null };
  try {
    const content: unknown = JSON.parse(await readFile(lockPath(dataDir, generation), 'utf8'));
    return { generation, owner: ownerSchema.parse(content) };
  } catch (cause) {
    // Its successor removed it between the two reads: read again.
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

/**
 * @returns a function that releases the lock, or null if another process was faster (then read the
 * lock again)
 */
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
    // This generation had been used and removed before: this process was too late.
    await unlink(path);
    return null;
  }
  await removeOlder(dataDir, generation);
  return () => replace(dataDir, path, { ...owner, released: true });
}

/** A hard link appears with its complete content, and only if the path does not exist. */
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
  for (const other of await generations(dataDir)) {
    if (other < generation) await unlink(lockPath(dataDir, other)).catch(() => undefined);
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
    // It runs, under another user.
    return hasCode(error, 'EPERM');
  }
}

/**
 * Field 22 of /proc/<pid>/stat, counted after the program's name, which can contain blanks and
 * brackets (proc(5)).
 */
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
