// Writes to a stream no faster than it is read, so that a long output stays flat in memory.
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** @throws the stream's error, or an abort when its reader went away */
export async function writeWithBackpressure(stream: Writable, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain');
}
