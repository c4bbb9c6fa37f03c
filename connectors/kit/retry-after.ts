// The Retry-After header: seconds or an HTTP date.

/** @returns milliseconds from `now` (never negative), or null without a readable header */
export function retryAfterMs(headers: Headers, now: Date): number | null {
  const text = headers.get('retry-after')?.trim();
  if (text === undefined || text === '') return null;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  const at = Date.parse(text);
  if (Number.isNaN(at)) return null;
  // A date is the server's; its own Date header says what time it has, whatever ours is.
  const server = Date.parse(headers.get('date') ?? '');
  return Math.max(0, at - (Number.isNaN(server) ? now.getTime() : server));
}
