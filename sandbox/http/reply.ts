// What an endpoint answers; sending it (and spoiling it, when a fault says so) is deliver.ts's business.

export interface Reply {
  readonly status: number;
  /** Sent as JSON, text as it is; undefined sends no body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export function ok(body: unknown): Reply {
  return { status: 200, body };
}
