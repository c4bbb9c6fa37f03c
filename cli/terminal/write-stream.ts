// Writes to a stream no faster than it is read, so that a long output needs constant memory.
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** @throws the error of the stream */
export async function writeWithBackpressure(stream: Writable, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain');
}
