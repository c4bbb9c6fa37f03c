// HubSpot's form of an answer: a correlation id in the header, and in the body of an error.
import { type Deliver, deliver } from '../../http/deliver.ts';
import type { Reply } from '../../http/reply.ts';

export const deliverAsHubSpot: Deliver = (res, exchange, reply, headers) => {
  const { correlationId } = exchange.entry;
  const body = bodyOf(reply, correlationId);
  const named = { ...headers, 'X-HubSpot-Correlation-Id': correlationId };
  return deliver(res, exchange, { ...reply, body }, named);
};

function bodyOf({ status, body }: Reply, correlationId: string): unknown {
  if (status < 400 || typeof body !== 'object' || body === null) return body;
  return { ...body, correlationId };
}
