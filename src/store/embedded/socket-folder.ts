// The folder of the embedded database's Unix socket. Only the owner can enter it, as the socket
// asks for no password.
import { chmod, lstat, mkdir, readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '../../domain/texts/sha256-hex.ts';

/** The name that pg expects in a folder given as host, with the default port. */
const SOCKET_NAME = '.s.PGSQL.5432';

// The path of a socket has at most 108 bytes on Linux and 104 on macOS, with the terminator
// (unix(7)).
const MAX_PATH_BYTES = 100;

/** @param dataDir absolute */
export function socketFolderOf(dataDir: string): string {
  const inside = join(dataDir, 'socket');
  if (Buffer.byteLength(socketPath(inside)) <= MAX_PATH_BYTES) return inside;
  const name = sha256Hex(dataDir).slice(0, 16);
  return join(tmpdir(), `leadgrade-${name}`);
}

export function socketPath(socketFolder: string): string {
  return join(socketFolder, SOCKET_NAME);
}

/**
 * Creates the folder with mode 0700.
 * @throws if it exists and belongs to another user (the temporary folder is shared)
 */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  const uid = userInfo().uid;
  if (!found.isDirectory() || (uid >= 0 && found.uid !== uid)) {
    throw new Error(`${path} belongs to another user or is not a folder. Remove it, or choose a shorter DATA_DIR.`);
  }
  await chmod(path, 0o700);
}

/** Everything in the folder is for its owner alone: files 0600, folders 0700. */
export async function makePrivateTree(path: string): Promise<void> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const changes = entries.map((entry) => {
    const mode = entry.isDirectory() ? 0o700 : 0o600;
    // A database that runs may have removed the file meanwhile.
    return chmod(join(entry.parentPath, entry.name), mode).catch(() => undefined);
  });
  await Promise.all(changes);
}

/** Whether a process listens on the socket of that folder. */
export function answers(socketFolder: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath(socketFolder));
    const end = (isListening: boolean) => {
      socket.destroy();
      resolve(isListening);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
