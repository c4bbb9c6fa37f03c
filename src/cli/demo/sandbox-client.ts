// The sandbox HubSpot from outside: what a rep would do there (control API), and what a rep would see there (HubSpot's own API).
import { z } from 'zod';
import { SCORE_PROPERTIES, type SeenContact } from './seen-contact.ts';

const listSchema = z.object({
  results: z.array(z.object({ id: z.string(), properties: z.record(z.string(), z.string().nullable()) })),
  paging: z.object({ next: z.object({ after: z.string() }) }).optional(),
});
const entrySchema = z.object({ method: z.string(), path: z.string(), status: z.number().nullable() });
export type LoggedCall = z.infer<typeof entrySchema>;

export interface SandboxAccess {
  readonly url: string;
  readonly accessToken: string;
}

/** @throws with the sandbox's answer when it refuses */
export async function control(sandbox: SandboxAccess, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${sandbox.url}/_sandbox/${path}`, {
    method,
    ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`The sandbox refused ${method} ${path}: ${response.status} ${text}`);
  return path === 'log' ? text : JSON.parse(text);
}

/** Every contact as HubSpot shows it, with our fields. */
export async function seenContacts(sandbox: SandboxAccess): Promise<readonly SeenContact[]> {
  const contacts: SeenContact[] = [];
  const properties = ['firstname', 'lastname', 'jobtitle', ...SCORE_PROPERTIES].join(',');
  let after: string | undefined;
  do {
    const query = new URLSearchParams({ limit: '100', properties, ...(after === undefined ? {} : { after }) });
    const response = await fetch(`${sandbox.url}/crm/objects/2026-03/contacts?${query}`, {
      headers: { authorization: `Bearer ${sandbox.accessToken}` },
    });
    if (response.status === 429) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      continue;
    }
    const page = listSchema.parse(await response.json());
    contacts.push(...page.results);
    after = page.paging?.next.after;
  } while (after !== undefined);
  return contacts;
}

/** What the sandbox was asked over HubSpot's API, oldest first. */
export async function loggedCalls(sandbox: SandboxAccess): Promise<readonly LoggedCall[]> {
  const lines = z.string().parse(await control(sandbox, 'GET', 'log'));
  const entries = lines.split('\n').filter((line) => line !== '');
  return entries.map((line) => entrySchema.parse(JSON.parse(line)));
}
