// Parses the Retry-After header: seconds or an HTTP date.

/** @returns milliseconds from `now` (never negative), or null without a valid header */
export function retryAfterMs(headers: Headers, now: Date): number | null {
  const text = headers.get('retry-after')?.trim();
  if (text === undefined || text === '') return null;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  const at = Date.parse(text);
  if (Number.isNaN(at)) return null;
  // The date is by the server's clock. Its own Date header gives its current time, whatever our
  // clock says.
  const serverNow = Date.parse(headers.get('date') ?? '');
  return Math.max(0, at - (Number.isNaN(serverNow) ? now.getTime() : serverNow));
}
