// Rejects requests whose URL or headers are too long, as Salesforce's servers do before any other
// check. https://help.salesforce.com/s/articleView?id=000386264
import type { IncomingMessage } from 'node:http';
import type { Reply } from '../../http/reply.ts';

const MAX_BYTES = 16_384;

/** Node's own limit must be higher, so that this module rejects the request and not Node. */
export const NODE_MAX_HEADER_BYTES = 262_144;

/** The error response of Salesforce's servers; null if the request is not too long. */
export function tooLong({ method = '', url = '', rawHeaders }: IncomingMessage): Reply | null {
  const address = Buffer.byteLength(url);
  if (address > MAX_BYTES) return badMessage(414, 'URI Too Long');
  const headers = rawHeaders.reduce((sum, part) => sum + Buffer.byteLength(part) + 2, 0);
  if (method.length + address + headers > MAX_BYTES) return badMessage(431, 'Request Header Fields Too Large');
  return null;
}

function badMessage(status: number, reason: string): Reply {
  const body = `<h1>Bad Message ${status}</h1><pre>reason: ${reason}</pre>`;
  return { status, body, headers: { 'Content-Type': 'text/html;charset=iso-8859-1' } };
}
