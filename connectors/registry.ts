// Finds connectors by folder: one more CRM is one folder beside this file. Each is loaded only when it is asked for (an SDK
// takes a second to import).
import { readdir } from 'node:fs/promises';
import { z } from 'zod';
import type { CrmConnector, RetryOptions } from '../src/crm/connector.ts';
import type { Clock } from '../src/domain/clock.ts';
import type { RateLimiter } from '../src/domain/rate-limiter.ts';
import type { Mapping } from '../src/mapping/mapping.ts';

export interface ConnectorParts {
  /** What the connector's `settingsSchema` made of the environment. */
  readonly settings: unknown;
  readonly mapping: Mapping;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  /** Absent: the connector's own. */
  readonly patience?: RetryOptions;
}

/** A setting that `init` asks for. */
export interface AskedSetting {
  /** The environment variable. */
  readonly name: string;
  readonly question: string;
  readonly secret: boolean;
  /** Not asked for where this other setting is given. */
  readonly unless?: string | undefined;
}

/** How the webhooks of a CRM are switched on. */
export interface WebhookPlace {
  /** The setting without which none are taken. */
  readonly needs: string;
  /** Where they arrive, behind PUBLIC_URL: with a placeholder for what is secret. */
  readonly path: string;
}

export interface ConnectorModule {
  /** Its keys are names of environment variables. */
  readonly settingsSchema: z.ZodObject;
  readonly promptedSettings: readonly AskedSetting[];
  /** Absent: the CRM sends nothing by itself. */
  readonly webhookInfo?: WebhookPlace | undefined;
  create(parts: ConnectorParts): CrmConnector;
}

const moduleSchema: z.ZodType<ConnectorModule> = z.object({
  settingsSchema: z.instanceof(z.ZodObject),
  promptedSettings: z.array(
    z.object({ name: z.string(), question: z.string(), secret: z.boolean(), unless: z.string().optional() }),
  ),
  webhookInfo: z.object({ needs: z.string(), path: z.string() }).optional(),
  create: z.custom<ConnectorModule['create']>((value) => typeof value === 'function', 'expected a function'),
});

/** The ids of all connectors: the folders that hold an index.ts. */
export async function connectorIds(): Promise<readonly string[]> {
  const entries = await readdir(import.meta.dirname, { recursive: true, withFileTypes: true });
  const indexes = entries.filter((entry) => entry.isFile() && entry.name === 'index.ts');
  const folders = indexes.map((entry) => entry.parentPath.slice(import.meta.dirname.length + 1));
  return folders.filter((folder) => /^[a-z][a-z0-9-]*$/.test(folder)).toSorted();
}

/** @throws Error when there is no such connector, or its folder does not export what a connector must */
export async function loadConnector(id: string): Promise<ConnectorModule> {
  const ids = await connectorIds();
  if (!ids.includes(id)) throw new Error(`There is no connector "${id}"; there is ${ids.join(', ')}.`);
  const loaded: unknown = await import(`./${id}/index.ts`);
  const parsed = moduleSchema.safeParse({ ...(typeof loaded === 'object' ? loaded : {}) });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(`connectors/${id}/index.ts: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}.`);
}
