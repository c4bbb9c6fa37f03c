// What a test does in a sandbox CRM beside the product, through the control API that every sandbox has.
import { z } from 'zod';

const requestSchema = z.object({
  seq: z.number(),
  at: z.string(),
  method: z.string(),
  path: z.string(),
  query: z.string(),
  status: z.number().nullable(),
  ids: z.array(z.string()).optional(),
  writes: z.array(z.object({ id: z.string(), properties: z.record(z.string(), z.unknown()) })).optional(),
});
export type LoggedRequest = z.infer<typeof requestSchema>;

export interface CrmActions {
  /** Sends something to the control API: `control('POST', 'merge', {...})`. @throws when it refuses */
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Replaces the fault script. */
  faults(...rules: readonly object[]): Promise<void>;
  /** What the CRM was asked, oldest first; `since` is a `seq`. */
  log(since?: number): Promise<readonly LoggedRequest[]>;
  /** The batch updates among them. */
  writes(since?: number): Promise<readonly LoggedRequest[]>;
}

/** @param isWrite whether a request is a batch update of our fields */
export function crmActions(
  { url }: { readonly url: string },
  isWrite: (request: LoggedRequest) => boolean,
): CrmActions {
  const log = async (since = 0) => {
    const text = z.string().parse(await control(url, 'GET', `log?since=${since}`));
    return text.split('\n').flatMap((line) => (line === '' ? [] : [requestSchema.parse(JSON.parse(line))]));
  };
  return {
    control: (method, path, body) => control(url, method, path, body),
    faults: async (...rules) => void (await control(url, 'PUT', 'faults', rules)),
    log,
    writes: async (since) => (await log(since)).filter(isWrite),
  };
}

/** Calls the control API of the sandbox at this URL. @throws Error when it refuses */
export async function control(url: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${url}/_sandbox/${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`The sandbox refused ${method} ${path}: ${response.status} ${text}`);
  return response.headers.get('content-type')?.includes('application/json') ? JSON.parse(text) : text;
}
