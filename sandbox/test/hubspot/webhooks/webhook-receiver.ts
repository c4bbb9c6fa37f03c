// A webhook target: a small server that stores the requests and responds as the test wants.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { endWithTest } from '../../end-with-test.ts';

/** An event as received. */
export type ReceivedEvent = ReturnType<typeof JSON.parse>;

export interface ReceivedRequest {
  headers: IncomingHttpHeaders;
  text: string;
  events: ReceivedEvent[];
}

export interface Receiver {
  url: string;
  requests: ReceivedRequest[];
  /** The highest number of concurrent requests so far. */
  readonly maxConcurrent: number;
  /** The events of all requests, in order of arrival. */
  events(): ReceivedEvent[];
  /** Waits until `done` returns true. */
  until(done: (receiver: Receiver) => boolean): Promise<void>;
  close(): Promise<void>;
}

/** Closed with the test that starts it. @param respond absent: sends a 200 at once */
export async function startReceiver(
  respond: (res: ServerResponse, request: ReceivedRequest, nth: number) => unknown = (res) => res.end(),
): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  let open = 0;
  let maxConcurrent = 0;
  const server = createServer(async (req, res) => {
    open += 1;
    maxConcurrent = Math.max(maxConcurrent, open);
    res.on('close', () => {
      open -= 1;
    });
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const request = { headers: req.headers, text, events: JSON.parse(text) };
    requests.push(request);
    await respond(res, request, requests.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/hubspot`,
    requests,
    get maxConcurrent() {
      return maxConcurrent;
    },
    events: () => requests.flatMap(({ events }) => events),
    until: async (done) => {
      const end = performance.now() + 60_000;
      while (!done(receiver)) {
        if (performance.now() > end) throw new Error(`timed out after ${requests.length} requests`);
        await wait(5);
      }
    },
    close: endWithTest(async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }),
  };
  return receiver;
}
