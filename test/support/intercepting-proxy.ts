// A server in front of the sandbox that a test may answer in place of: for refusals that depend on what a request says.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { endWithTest } from '../../sandbox/test/end-with-test.ts';

const updateSchema = z.object({
  inputs: z.array(z.object({ id: z.string(), properties: z.record(z.string(), z.string()) })),
});
export type Row = z.infer<typeof updateSchema>['inputs'][number];

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What becomes of a batch update: its rows, and how to send some of them on to the sandbox. */
export type OnUpdate = (rows: readonly Row[], forward: (rows: readonly Row[]) => Promise<Answer>) => Promise<Answer>;

export interface Proxy {
  readonly url: string;
  close(): Promise<void>;
}

/** Closed with the test that starts it. Sends everything on to `target`, but asks `onUpdate` what to do with batch updates of contacts. */
export async function startProxy(target: string, onUpdate: OnUpdate): Promise<Proxy> {
  const server = createServer(async (request, response) => {
    const text = await textOf(request);
    const path = request.url ?? '/';
    const send = async (body: string) => {
      const { authorization = '', 'content-type': type = 'application/json' } = request.headers;
      const answer = await fetch(`${target}${path}`, {
        method: request.method ?? 'GET',
        headers: { authorization, 'content-type': type },
        ...(body === '' ? {} : { body }),
      });
      return { answer, text: await answer.text() };
    };
    if (!path.endsWith('/contacts/batch/update')) {
      const sent = await send(text);
      const type = sent.answer.headers.get('content-type') ?? 'application/json';
      response.writeHead(sent.answer.status, { 'content-type': type }).end(sent.text);
      return;
    }
    const { status, body } = await onUpdate(updateSchema.parse(JSON.parse(text)).inputs, async (rows) => {
      const sent = await send(JSON.stringify({ inputs: rows }));
      return { status: sent.answer.status, body: JSON.parse(sent.text) };
    });
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = endWithTest(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return { url: `http://127.0.0.1:${portOf(server.address())}`, close };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server in front has no port');
  return address.port;
}
