// Reads and writes in the sandbox's request log. The log entry of a write is the end of a latency
// measurement.
import { z } from 'zod';
import { type LoggedCall, loggedCalls } from '../../cli/demo/sandbox-log.ts';
import type { BenchEnvironment } from './environment.ts';

export async function logEnd({ sandbox }: BenchEnvironment): Promise<number> {
  return (await loggedCalls(sandbox)).at(-1)?.seq ?? 0;
}

export const isWrite = ({ path, status }: LoggedCall): boolean =>
  path.endsWith('/batch/update') && (status === 200 || status === 207);
export const isRead = ({ path }: LoggedCall): boolean => path.endsWith('/contacts/batch/read');

/**
 * Epoch ms of the first write of a contact after log entry `since`; null = none within `withinMs`.
 */
export async function writtenAt(
  { sandbox }: BenchEnvironment,
  id: string,
  since: number,
  withinMs: number,
): Promise<number | null> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    const call = (await loggedCalls(sandbox, since)).find((each) => isWrite(each) && each.ids?.includes(id));
    if (call) return call.at.getTime();
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
