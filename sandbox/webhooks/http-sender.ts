// One POST to the target, as a CRM sends it: redirects are not followed, and the whole response
// must arrive in time.
import { Agent, type ClientRequest, request } from 'node:http';

// Shorter than any receiver keeps an idle connection open, so no request uses a connection that is
// just being closed.
const IDLE_MS = 1000;

/** A complete response. */
export interface HttpResponse {
  readonly status: number;
  /** '' if the response has none. */
  readonly contentType: string;
  readonly body: string;
}

export interface HttpPost {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

export class HttpSender {
  readonly #agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  readonly #inFlight = new Set<ClientRequest>();

  /** @returns null if no complete response arrived within `timeoutMs`, for any reason */
  send({ url, headers, body, timeoutMs }: HttpPost): Promise<HttpResponse | null> {
    return new Promise((resolve) => {
      let complete: HttpResponse | null = null;
      const length = { 'Content-Length': Buffer.byteLength(body) };
      const post = request(url, { method: 'POST', agent: this.#agent, headers: { ...headers, ...length } });
      const timer = setTimeout(() => post.destroy(), timeoutMs);
      this.#inFlight.add(post);
      post.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const { statusCode: status = 0, headers: received } = response;
          complete = { status, contentType: received['content-type'] ?? '', body: Buffer.concat(chunks).toString() };
        });
      });
      // "close" follows and reports the missing response.
      post.on('error', () => {});
      post.on('close', () => {
        clearTimeout(timer);
        this.#inFlight.delete(post);
        resolve(complete);
      });
      post.end(body);
    });
  }

  /** Aborts requests in flight. */
  close(): void {
    for (const post of this.#inFlight) post.destroy();
    this.#agent.destroy();
  }
}
