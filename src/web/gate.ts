// How many requests with a body are inside at a time: what is read of them is held in memory.
import type { RequestHandler } from 'express';

/** With the largest bodies, half a gigabyte. A CRM sends ten at a time. */
const MOST_AT_A_TIME = 64;

/** So many at a time, whoever they are from; who comes on top is told to come again. */
export function createGate(): RequestHandler {
  let inside = 0;
  return (_request, response, next) => {
    if (inside >= MOST_AT_A_TIME) {
      response.status(503).set('retry-after', '1').json({ error: 'Too many requests at a time. Come again.' });
      return;
    }
    inside += 1;
    response.once('close', () => {
      inside -= 1;
    });
    next();
  };
}
