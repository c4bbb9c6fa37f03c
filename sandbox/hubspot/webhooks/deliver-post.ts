// One POST to the target, as a CRM makes it: no redirect is followed, and the whole answer must come in time.
import { Agent, type ClientRequest, request } from 'node:http';

// Shorter than any receiver keeps an idle connection: none is closed under our hands.
const IDLE_MS = 1000;

export class Poster {
  readonly #agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  readonly #underWay = new Set<ClientRequest>();

  /** @returns the answer's status; null when no whole answer came in `timeoutMs`, whatever the reason */
  send(url: URL, body: string, headers: Record<string, string>, timeoutMs: number): Promise<number | null> {
    return new Promise((resolve) => {
      let status: number | null = null;
      const length = { 'Content-Length': Buffer.byteLength(body) };
      const post = request(url, { method: 'POST', agent: this.#agent, headers: { ...headers, ...length } });
      const timer = setTimeout(() => post.destroy(), timeoutMs);
      this.#underWay.add(post);
      post.on('response', (answer) => {
        answer.resume();
        answer.on('end', () => {
          status = answer.statusCode ?? null;
        });
      });
      // What went wrong shows at its end: there is no status.
      post.on('error', () => {});
      post.on('close', () => {
        clearTimeout(timer);
        this.#underWay.delete(post);
        resolve(status);
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
