// What a sandbox CRM was told to do (control API), and what it was asked over its CRM's API.
import { z } from 'zod';

const entrySchema = z.object({
  method: z.string(),
  path: z.string(),
  status: z.number().nullable(),
  ids: z.array(z.string()).optional(),
});
export type LoggedCall = z.infer<typeof entrySchema>;

export interface SandboxAddress {
  readonly url: string;
}

/** @throws with the sandbox's answer when it refuses */
export async function control(sandbox: SandboxAddress, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${sandbox.url}/_sandbox/${path}`, {
    method,
    ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`The sandbox refused ${method} ${path}: ${response.status} ${text}`);
  return path === 'log' ? text : JSON.parse(text);
}

/** What the sandbox was asked over its CRM's API, oldest first. */
export async function loggedCalls(sandbox: SandboxAddress): Promise<readonly LoggedCall[]> {
  const lines = z.string().parse(await control(sandbox, 'GET', 'log'));
  const entries = lines.split('\n').filter((line) => line !== '');
  return entries.map((line) => entrySchema.parse(JSON.parse(line)));
}
