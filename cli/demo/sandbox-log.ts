// The control API of a sandbox CRM, and the log of the requests to its CRM API.
import { z } from 'zod';

const entrySchema = z.object({
  seq: z.number(),
  at: z.coerce.date(),
  method: z.string(),
  path: z.string(),
  status: z.number().nullable(),
  ids: z.array(z.string()).optional(),
});
export type LoggedCall = z.infer<typeof entrySchema>;

export interface SandboxAddress {
  readonly url: string;
}

/** Calls the control API. @throws with the response of the sandbox when it refuses */
export async function control(sandbox: SandboxAddress, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${sandbox.url}/_sandbox/${path}`, {
    method,
    ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`The sandbox refused ${method} ${path}: ${response.status} ${text}`);
  return path.startsWith('log') ? text : JSON.parse(text);
}

/** The requests to the CRM API of the sandbox behind entry `since`, oldest first. */
export async function loggedCalls(sandbox: SandboxAddress, since = 0): Promise<readonly LoggedCall[]> {
  const lines = z.string().parse(await control(sandbox, 'GET', `log?since=${since}`));
  const entries = lines.split('\n').filter((line) => line !== '');
  return entries.map((line) => entrySchema.parse(JSON.parse(line)));
}
