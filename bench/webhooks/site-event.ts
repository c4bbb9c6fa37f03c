// What the team's site sends: somebody asks for a demo.
import { type Stage, WRITE_KEY } from './environment.ts';

/** @returns the status of the answer */
export async function askForDemo({ url }: Stage, email: string): Promise<number> {
  const body = JSON.stringify({
    type: 'track',
    event: 'Demo Requested',
    messageId: crypto.randomUUID(),
    timestamp: new Date().toISOString(),
    context: { traits: { email } },
    properties: { form: 'Demo request', page: '/demo' },
  });
  const authorization = `Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}`;
  const answer = await fetch(`${url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body,
  });
  return answer.status;
}
