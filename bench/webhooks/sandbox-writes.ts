// What the sandbox was asked to write, and when: its log is where a latency ends.
import { z } from 'zod';
import type { Stage } from './environment.ts';

const entrySchema = z.object({
  seq: z.number(),
  at: z.string(),
  method: z.string(),
  path: z.string(),
  status: z.number().nullable(),
  ids: z.array(z.string()).optional(),
});
export type LoggedCall = z.infer<typeof entrySchema>;

export async function loggedSince({ sandbox }: Stage, since: number): Promise<readonly LoggedCall[]> {
  const text = await (await fetch(`${sandbox.url}/_sandbox/log?since=${since}`)).text();
  return text.split('\n').flatMap((line) => (line === '' ? [] : [entrySchema.parse(JSON.parse(line))]));
}

export async function logEnd(stage: Stage): Promise<number> {
  return (await loggedSince(stage, 0)).at(-1)?.seq ?? 0;
}

export const isWrite = ({ path, status }: LoggedCall): boolean =>
  path.endsWith('/batch/update') && (status === 200 || status === 207);
export const isRead = ({ path }: LoggedCall): boolean => path.endsWith('/contacts/batch/read');

/** Epoch ms at which a contact was written, at the earliest after `since`; null = not within the time. */
export async function writtenAt(stage: Stage, id: string, since: number, withinMs: number): Promise<number | null> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    const call = (await loggedSince(stage, since)).find((each) => isWrite(each) && each.ids?.includes(id));
    if (call) return Date.parse(call.at);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return null;
}

export interface Contact {
  readonly id: string;
  readonly email: string;
}

/** The contacts that are scored, by their ids: those of the sandbox that are no customers. */
export async function scoredContacts({ sandbox }: Stage): Promise<readonly Contact[]> {
  const contacts: Contact[] = [];
  let after: string | undefined = '';
  while (after !== undefined) {
    const query = `limit=100&properties=email,lifecyclestage,leadgrade_status${after ? `&after=${after}` : ''}`;
    const answer = await fetch(`${sandbox.url}/crm/objects/2026-03/contacts?${query}`, {
      headers: { authorization: `Bearer ${sandbox.accessToken}` },
    });
    const page = pageSchema.parse(await answer.json());
    for (const { id, properties } of page.results) {
      if (properties.leadgrade_status && properties.email) contacts.push({ id, email: properties.email });
    }
    after = page.paging?.next?.after;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return contacts;
}

const pageSchema = z.object({
  results: z.array(
    z.object({
      id: z.string(),
      properties: z.object({ email: z.string().nullish(), leadgrade_status: z.string().nullish() }),
    }),
  ),
  paging: z.object({ next: z.object({ after: z.string() }).optional() }).nullish(),
});
