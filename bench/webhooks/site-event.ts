// A demo request, as the team's own site sends it to /events.
import { type BenchEnvironment, WRITE_KEY } from './environment.ts';

/** @returns the response status */
export async function sendDemoRequest({ url }: BenchEnvironment, email: string): Promise<number> {
  const body = JSON.stringify({
    type: 'track',
    event: 'Demo Requested',
    messageId: crypto.randomUUID(),
    timestamp: new Date().toISOString(),
    context: { traits: { email } },
    properties: { form: 'Demo request', page: '/demo' },
  });
  const authorization = `Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}`;
  const response = await fetch(`${url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body,
  });
  return response.status;
}
