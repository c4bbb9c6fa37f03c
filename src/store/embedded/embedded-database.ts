// The embedded database: PGlite on the files of a data folder. The first process owns the folder
// and serves the others over a Unix socket.
import { once } from 'node:events';
import { rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { claimLock, type FolderOwner, type OwnerState, ownerState, readLock } from './folder-lock.ts';
import { answers, makePrivateFolder, makePrivateTree, socketFolderOf, socketPath } from './socket-folder.ts';

export interface EmbeddedDatabase {
  /** The `host` for pg. */
  readonly socketFolder: string;
  readonly ownsFolder: boolean;
  /** In the owner: flushes, stops serving and releases the folder. */
  close(): Promise<void>;
}

// Connections are cheap here, as all share PGlite's one session: this limits a leak, not the load.
// A process uses up to 5 for queries, 5 for the queue and one for each worker.
const MAX_CONNECTIONS = 60;

const CHECK_EVERY_MS = 100;
// One minute: PGlite takes about 4 s to create a new folder, more on a slow disk.
const MAX_CHECKS_ALIVE = 600;
// 10 s: the owner in another container either answers or is gone, unless it is just starting.
const MAX_CHECKS_ELSEWHERE = 100;

/**
 * Becomes the owner of the data folder, or connects to the owner.
 * @throws if the owner runs but does not answer for a minute, or if the files cannot be opened
 */
export async function openEmbeddedDatabase(folder: string): Promise<EmbeddedDatabase> {
  const dataDir = resolve(folder);
  await makePrivateFolder(dataDir);
  for (let checks = 0; ; checks++) {
    const { generation, owner } = await readLock(dataDir);
    if (owner !== null && !owner.released && (await answers(owner.socketFolder))) {
      return { socketFolder: owner.socketFolder, ownsFolder: false, close: async () => undefined };
    }
    const state = owner === null ? 'gone' : await ownerState(owner);
    if (isGone(state, checks)) {
      const release = await claimLock(dataDir, generation, socketFolderOf(dataDir));
      if (release !== null) return serve(dataDir, release);
    } else if (owner !== null && checks >= MAX_CHECKS_ALIVE) {
      throw new Error(noAnswerMessage(dataDir, owner));
    }
    await sleep(CHECK_EVERY_MS);
  }
}

function isGone(state: OwnerState, checks: number): boolean {
  return state === 'gone' || (state === 'elsewhere' && checks >= MAX_CHECKS_ELSEWHERE);
}

function noAnswerMessage(dataDir: string, owner: FolderOwner): string {
  const fix = 'End that process, or set another DATA_DIR.';
  return `The data folder ${dataDir} belongs to process ${owner.pid}, which does not answer on its socket. ${fix}`;
}

async function serve(dataDir: string, release: () => Promise<void>): Promise<EmbeddedDatabase> {
  try {
    const socketFolder = socketFolderOf(dataDir);
    await makePrivateFolder(socketFolder);
    const files = join(dataDir, 'postgres');
    const thread = await startThread(files, socketPath(socketFolder));
    // PGlite unpacks its first files with mode 666.
    await makePrivateTree(dataDir);
    const close = async () => {
      await stopThread(thread);
      await makePrivateTree(dataDir);
      // Only a folder in the temporary folder would be left behind.
      await rmdir(socketFolder).catch(() => undefined);
      await release();
    };
    return { socketFolder, ownsFolder: true, close };
  } catch (cause) {
    await release();
    const fix = 'Check that the folder is writable and the disk is not full.';
    throw new Error(`The embedded database in ${dataDir} does not start. ${fix}`, { cause });
  }
}

async function startThread(filesFolder: string, path: string): Promise<Worker> {
  const workerData = { filesFolder, path, maxConnections: MAX_CONNECTIONS };
  const thread = new Worker(new URL('./pglite-thread.ts', import.meta.url), { workerData, execArgv: [] });
  await Promise.race([once(thread, 'message'), endOf(thread)]);
  // If the thread dies later, the next query fails, because the socket no longer answers.
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
