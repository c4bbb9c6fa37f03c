// One POST to the target, as a CRM makes it: no redirect is followed, and the whole answer must come in time.
import { Agent, type ClientRequest, request } from 'node:http';

// Shorter than any receiver keeps an idle connection: none is closed under our hands.
const IDLE_MS = 1000;

/** A whole one. */
export interface Answer {
  readonly status: number;
  /** '' where it says none. */
  readonly contentType: string;
  readonly body: string;
}

export interface Post {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

export class HttpSender {
  readonly #agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  readonly #underWay = new Set<ClientRequest>();

  /** @returns null when no whole answer came in `timeoutMs`, whatever the reason */
  send({ url, headers, body, timeoutMs }: Post): Promise<Answer | null> {
    return new Promise((resolve) => {
      let whole: Answer | null = null;
      const length = { 'Content-Length': Buffer.byteLength(body) };
      const post = request(url, { method: 'POST', agent: this.#agent, headers: { ...headers, ...length } });
      const timer = setTimeout(() => post.destroy(), timeoutMs);
      this.#underWay.add(post);
      post.on('response', (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const { statusCode: status = 0, headers: said } = answer;
          whole = { status, contentType: said['content-type'] ?? '', body: Buffer.concat(chunks).toString() };
        });
      });
      // What went wrong shows at its end: there is no answer.
      post.on('error', () => {});
      post.on('close', () => {
        clearTimeout(timer);
        this.#underWay.delete(post);
        resolve(whole);
      });
      post.end(body);
    });
  }

  /** Breaks off what is under way. */
  close(): void {
    for (const each of this.#underWay) each.destroy();
    this.#agent.destroy();
  }
}
