// How bodies are read: each up to the limit of its door, and all together up to one of this process, whoever sends them. What counts is what
// is really held, unpacked, so that many who send slowly, or nothing, keep nobody out. Not by express.raw: it reads off a body that is too
// large before it says so, and does not tell how much it holds.
import { createGunzip, createInflate } from 'node:zlib';
import type { Request, RequestHandler, Response } from 'express';

/** HubSpot sends ten requests at a time, of a few kilobytes mostly. */
const MAX_BUFFERED_BYTES = 256_000_000;

/** These need 32 kB to unpack. Brotli and zstd may need megabytes for a body of a few bytes, and no CRM or library sends them. */
const UNPACKERS = new Map([
  ['gzip', createGunzip],
  ['deflate', createInflate],
]);

/** Why: too large for its door; too much is held at a time; it was cut off, or is not packed as it says. */
export type BodyError = 'too_large' | 'busy' | 'bad_body';

export interface BodyLimits {
  /** Of one body, also when it is unpacked. */
  readonly maxBytes: number;
  /** Answers; what still arrives of the body is dropped. */
  readonly onError: (request: Request, response: Response, why: BodyError) => void;
}

/** What comes behind it finds the whole body as `request.body`, a Buffer. */
export type BodyReader = (door: BodyLimits) => RequestHandler;

/** One reader for all doors of a process. @param maxBufferedBytes bytes that have arrived and are not answered yet */
export function createBodyReader(maxBufferedBytes = MAX_BUFFERED_BYTES): BodyReader {
  let held = 0;
  return ({ maxBytes, onError }) =>
    (request, response, next) => {
      if (Number(request.get('content-length') ?? 0) > maxBytes) return onError(request, response, 'too_large');
      const encoding = request.get('content-encoding')?.toLowerCase() ?? 'identity';
      const unpacker = UNPACKERS.get(encoding)?.();
      if (unpacker === undefined && encoding !== 'identity') return onError(request, response, 'bad_body');
      let isReading = true;
      let chunks: Buffer[] = [];
      let own = 0;
      const stop = () => {
        isReading = false;
        chunks = [];
        request.unpipe();
        unpacker?.destroy();
        // What still arrives is dropped, so that the answer arrives, too.
        request.resume();
      };
      const release = () => {
        held -= own;
        own = 0;
      };
      const giveUp = (why: BodyError) => {
        if (!isReading) return;
        stop();
        release();
        onError(request, response, why);
      };
      const source = unpacker === undefined ? request : request.pipe(unpacker);
      source.on('data', (chunk: Buffer) => {
        if (!isReading) return;
        own += chunk.length;
        held += chunk.length;
        chunks.push(chunk);
        if (own > maxBytes) giveUp('too_large');
        else if (held > maxBufferedBytes) giveUp('busy');
      });
      source.on('end', () => {
        if (!isReading) return;
        request.body = Buffer.concat(chunks);
        stop();
        next();
      });
      source.on('error', () => giveUp('bad_body'));
      request.on('error', () => giveUp('bad_body'));
      response.once('close', () => {
        giveUp('bad_body');
        release();
      });
    };
}
