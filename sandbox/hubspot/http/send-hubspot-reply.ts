// Sends a response as HubSpot does: with a correlation ID in the header, and in the body of an
// error.

import type { Reply } from '../../http/reply.ts';
import { type SendReply, sendReply } from '../../http/send-reply.ts';

export const sendHubSpotReply: SendReply = (res, exchange, reply, headers) => {
  const { correlationId } = exchange.entry;
  const body = bodyOf(reply, correlationId);
  const named = { ...headers, 'X-HubSpot-Correlation-Id': correlationId };
  return sendReply(res, exchange, { ...reply, body }, named);
};

function bodyOf({ status, body }: Reply, correlationId: string): unknown {
  if (status < 400 || typeof body !== 'object' || body === null) return body;
  return { ...body, correlationId };
}
