// How much of bodies is held in memory at a time, by whoever sends them: what counts is what has really arrived, so that many who send
// slowly, or nothing, keep nobody out.
import type { RequestHandler } from 'express';

/** Bytes that have arrived and are not answered yet. HubSpot sends ten requests at a time, of a few kilobytes mostly. */
const MOST_BYTES = 256_000_000;
/** A few bytes of a packed body may be megabytes: these are counted by the request. */
const MOST_PACKED = 16;

/** Who comes on top is told to come again. */
export function createGate(): RequestHandler {
  let bytes = 0;
  let packed = 0;
  return (request, response, next) => {
    const isPacked = (request.get('content-encoding') ?? 'identity') !== 'identity';
    if (bytes >= MOST_BYTES || (isPacked && packed >= MOST_PACKED)) {
      response.status(503).set('retry-after', '1').json({ error: 'Too much at a time. Come again.' });
      return;
    }
    let own = 0;
    if (isPacked) packed += 1;
    // Whoever reads the body listens from the same turn on, and misses nothing.
    else
      request.on('data', (chunk: Buffer) => {
        own += chunk.length;
        bytes += chunk.length;
      });
    response.once('close', () => {
      bytes -= own;
      if (isPacked) packed -= 1;
    });
    next();
  };
}
