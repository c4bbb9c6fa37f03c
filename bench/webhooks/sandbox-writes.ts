// Reads and writes in the sandbox's request log. The log entry of a write is the end of a latency
// measurement.
import { z } from 'zod';
import type { BenchEnvironment } from './environment.ts';

const entrySchema = z.object({
  seq: z.number(),
  at: z.string(),
  method: z.string(),
  path: z.string(),
  status: z.number().nullable(),
  ids: z.array(z.string()).optional(),
});
export type LoggedCall = z.infer<typeof entrySchema>;

export async function loggedSince({ sandbox }: BenchEnvironment, since: number): Promise<readonly LoggedCall[]> {
  const text = await (await fetch(`${sandbox.url}/_sandbox/log?since=${since}`)).text();
  return text.split('\n').flatMap((line) => (line === '' ? [] : [entrySchema.parse(JSON.parse(line))]));
}

export async function logEnd(environment: BenchEnvironment): Promise<number> {
  return (await loggedSince(environment, 0)).at(-1)?.seq ?? 0;
}

export const isWrite = ({ path, status }: LoggedCall): boolean =>
  path.endsWith('/batch/update') && (status === 200 || status === 207);
export const isRead = ({ path }: LoggedCall): boolean => path.endsWith('/contacts/batch/read');

/**
 * Epoch ms of the first write of a contact after log entry `since`; null = none within `withinMs`.
 */
export async function writtenAt(
  environment: BenchEnvironment,
  id: string,
  since: number,
  withinMs: number,
): Promise<number | null> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    const call = (await loggedSince(environment, since)).find((each) => isWrite(each) && each.ids?.includes(id));
    if (call) return Date.parse(call.at);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return null;
}

export interface Contact {
  readonly id: string;
  readonly email: string;
}

/** The scored contacts of the sandbox; customers are not scored. */
export async function scoredContacts({ sandbox }: BenchEnvironment): Promise<readonly Contact[]> {
  const contacts: Contact[] = [];
  let after: string | undefined = '';
  while (after !== undefined) {
    const query = `limit=100&properties=email,lifecyclestage,leadgrade_status${after ? `&after=${after}` : ''}`;
    const response = await fetch(`${sandbox.url}/crm/objects/2026-03/contacts?${query}`, {
      headers: { authorization: `Bearer ${sandbox.accessToken}` },
    });
    const page = pageSchema.parse(await response.json());
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
