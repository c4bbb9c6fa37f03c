// The response of an endpoint. send-reply.ts sends it and applies faults.

export interface Reply {
  readonly status: number;
  /** Text is sent unchanged, anything else as JSON; undefined sends no body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export function ok(body: unknown): Reply {
  return { status: 200, body };
}
