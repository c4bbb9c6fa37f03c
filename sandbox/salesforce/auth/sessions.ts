// Access tokens and their expiry.
import { createHash, randomBytes } from 'node:crypto';

const MINUTE_MS = 60_000;
// https://developer.salesforce.com/docs/platform/pub-sub-api/guide/supported-auth.html: two hours
// without a call.
const DEFAULT_MINUTES = 120;

export class Sessions {
  /** A token expires after this many minutes without a call; 0: no token is valid. */
  minutes = DEFAULT_MINUTES;
  readonly #orgId: string;
  readonly #lastUse = new Map<string, number>();

  constructor(orgId: string) {
    this.#orgId = orgId;
  }

  issue(now: number): string {
    const token = `${this.#orgId.slice(0, 15)}!${createHash('sha256').update(randomBytes(32)).digest('base64url')}`;
    this.#lastUse.set(token, now);
    return token;
  }

  /** True if the token is valid; each use extends it. */
  use(token: string, now: number): boolean {
    const last = this.#lastUse.get(token);
    if (last === undefined || now - last >= this.minutes * MINUTE_MS) return false;
    this.#lastUse.set(token, now);
    return true;
  }

  /** Invalidates all issued tokens. */
  expireAll(): void {
    this.#lastUse.clear();
  }
}
