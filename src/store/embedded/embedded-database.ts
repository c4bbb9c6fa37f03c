// The database of an installation without one: PGlite on the files of a data folder. One process owns the folder and serves
// the others over a Unix socket; who is first is the owner.
import { once } from 'node:events';
import { rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { claimLock, type FolderOwner, type OwnerState, ownerState, readLock } from './folder-lock.ts';
import { answers, makePrivateFolder, socketFolderOf, socketPath } from './socket-folder.ts';

export interface EmbeddedDatabase {
  /** What pg takes as host. */
  readonly socketFolder: string;
  readonly ownsFolder: boolean;
  /** The owner's: flushes, stops serving and gives the folder back. */
  close(): Promise<void>;
}

// A connection costs nothing here (all share PGlite's one session); this bounds a leak, not the load. One process takes up
// to 5 for queries, 5 for the queue and one for each worker.
const MAX_CONNECTIONS = 60;

const LOOK_EVERY_MS = 100;
// PGlite takes about 4 s to make a new folder, more on a slow disk.
const LOOKS_AT_ALIVE = 600;
// Another container's owner either answers or is gone, unless it starts just now.
const LOOKS_AT_ELSEWHERE = 100;

/**
 * Owns the data folder, or connects to the process that does.
 * @throws when the owner runs but does not answer for a minute, or when the files cannot be opened.
 */
export async function openEmbeddedDatabase(folder: string): Promise<EmbeddedDatabase> {
  const dataDir = resolve(folder);
  await makePrivateFolder(dataDir);
  for (let looks = 0; ; looks++) {
    const { generation, owner } = await readLock(dataDir);
    if (owner !== null && !owner.released && (await answers(owner.socketFolder))) {
      return { socketFolder: owner.socketFolder, ownsFolder: false, close: async () => undefined };
    }
    const state = owner === null ? 'gone' : await ownerState(owner);
    if (isOver(state, looks)) {
      const release = await claimLock(dataDir, generation, socketFolderOf(dataDir));
      if (release !== null) return serve(dataDir, release);
    } else if (owner !== null && looks >= LOOKS_AT_ALIVE) {
      throw new Error(notAnswering(dataDir, owner));
    }
    await sleep(LOOK_EVERY_MS);
  }
}

function isOver(state: OwnerState, looks: number): boolean {
  return state === 'gone' || (state === 'elsewhere' && looks >= LOOKS_AT_ELSEWHERE);
}

function notAnswering(dataDir: string, owner: FolderOwner): string {
  const fix = 'End that process, or set another DATA_DIR.';
  return `The data folder ${dataDir} belongs to process ${owner.pid}, which does not answer on its socket. ${fix}`;
}

async function serve(dataDir: string, release: () => Promise<void>): Promise<EmbeddedDatabase> {
  try {
    const socketFolder = socketFolderOf(dataDir);
    await makePrivateFolder(socketFolder);
    const thread = await startThread(join(dataDir, 'postgres'), socketPath(socketFolder));
    const close = async () => {
      await stopThread(thread);
      // Only one in the temporary folder would be left over.
      await rmdir(socketFolder).catch(() => undefined);
      await release();
    };
    return { socketFolder, ownsFolder: true, close };
  } catch (cause) {
    await release();
    const fix = 'Check that the folder is writable and its disk not full.';
    throw new Error(`The embedded database in ${dataDir} does not start. ${fix}`, { cause });
  }
}

async function startThread(filesFolder: string, path: string): Promise<Worker> {
  const workerData = { filesFolder, path, maxConnections: MAX_CONNECTIONS };
  const thread = new Worker(new URL('./pglite-thread.ts', import.meta.url), { workerData, execArgv: [] });
  await Promise.race([once(thread, 'message'), endOf(thread)]);
  // A thread that dies later shows itself at the next query, as the socket does not answer any more.
  thread.on('error', () => undefined);
  return thread;
}

/** Never resolves; `once` turns the thread's error into a rejection. */
async function endOf(thread: Worker): Promise<never> {
  const [code] = await once(thread, 'exit');
  throw new Error(`its thread ended with code ${String(code)} before it was ready`);
}

async function stopThread(thread: Worker): Promise<void> {
  const ended = once(thread, 'exit').catch(() => undefined);
  if (thread.threadId === -1) return;
  thread.postMessage('close');
  await ended;
}
