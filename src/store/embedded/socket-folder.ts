// Where the embedded database's Unix socket lies: a folder that nobody else may enter, as the socket asks for no password.
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** What pg looks for in a folder that it is given as host, with its default port. */
const SOCKET_NAME = '.s.PGSQL.5432';

// A socket's path holds at most 108 bytes on Linux and 104 on macOS, its end included (unix(7)).
const MAX_PATH_BYTES = 100;

/** @param dataDir absolute */
export function socketFolderOf(dataDir: string): string {
  const inside = join(dataDir, 'socket');
  if (Buffer.byteLength(socketPath(inside)) <= MAX_PATH_BYTES) return inside;
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  return join(tmpdir(), `leadgrade-${name}`);
}

export function socketPath(socketFolder: string): string {
  return join(socketFolder, SOCKET_NAME);
}

/** Creates the folder as 0700. @throws when it exists and somebody else could have made it (the temporary folder is shared). */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  const uid = userInfo().uid;
  if (!found.isDirectory() || (uid >= 0 && found.uid !== uid)) {
    throw new Error(`${path} is not a folder of ours. Remove it, or choose a shorter DATA_DIR.`);
  }
  await chmod(path, 0o700);
}

/** Whether somebody listens on the socket of that folder. */
export function answers(socketFolder: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath(socketFolder));
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
