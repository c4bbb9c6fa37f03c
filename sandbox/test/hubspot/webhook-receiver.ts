// Somebody whom the sandbox tells: a small server that keeps what it gets, and answers as a test wants.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** An event as it came. */
export type ToldEvent = ReturnType<typeof JSON.parse>;

export interface Received {
  headers: IncomingHttpHeaders;
  text: string;
  events: ToldEvent[];
}

export interface Receiver {
  url: string;
  requests: Received[];
  /** The most requests that were open at a time. */
  readonly mostAtOnce: number;
  /** Of all requests, in order of arrival. */
  events(): ToldEvent[];
  /** Waits until `done` holds. */
  until(done: (receiver: Receiver) => boolean): Promise<void>;
  close(): Promise<void>;
}

/** @param answer absent: 200 at once */
export async function startReceiver(
  answer: (res: ServerResponse, request: Received, nth: number) => unknown = (res) => res.end(),
): Promise<Receiver> {
  const requests: Received[] = [];
  let open = 0;
  let mostAtOnce = 0;
  const server = createServer(async (req, res) => {
    open += 1;
    mostAtOnce = Math.max(mostAtOnce, open);
    res.on('close', () => {
      open -= 1;
    });
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const request = { headers: req.headers, text, events: JSON.parse(text) };
    requests.push(request);
    await answer(res, request, requests.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/hubspot`,
    requests,
    get mostAtOnce() {
      return mostAtOnce;
    },
    events: () => requests.flatMap(({ events }) => events),
    until: async (done) => {
      const end = performance.now() + 60_000;
      while (!done(receiver)) {
        if (performance.now() > end) throw new Error(`it never came: ${requests.length} requests so far`);
        await wait(5);
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
