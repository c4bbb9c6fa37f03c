// Finds and loads connectors: each folder beside this file that has an index.ts is one. A connector
// is imported only when it is used, because a vendor's SDK takes a second to import.
import { readdir } from 'node:fs/promises';
import { z } from 'zod';
import type { CrmConnector, RetryOptions } from '../src/crm/connector.ts';
import type { Clock } from '../src/domain/clock.ts';
import type { RateLimiter } from '../src/domain/limits/rate-limiter.ts';
import type { ScoreField } from '../src/domain/score-fields.ts';
import type { Mapping } from '../src/mapping/mapping.ts';

export interface ConnectorParts {
  /** The environment, parsed by the connector's `settingsSchema`. */
  readonly settings: unknown;
  readonly mapping: Mapping;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  /** Absent: the connector's defaults. */
  readonly retryOptions?: RetryOptions;
}

/** A setting that `npx leadgrade init` asks for. */
export interface PromptedSetting {
  /** The environment variable. */
  readonly name: string;
  readonly question: string;
  readonly secret: boolean;
  /** Skipped if this other setting is set. */
  readonly skipIfSet?: string | undefined;
}

/** How the webhooks of a CRM are enabled. */
export interface WebhookInfo {
  /** The setting that enables them. */
  readonly requiredSetting: string;
  /** The path after PUBLIC_URL, with a placeholder for a secret. */
  readonly path: string;
}

export interface ConnectorModule {
  /** Its keys are the names of environment variables. */
  readonly settingsSchema: z.ZodObject;
  readonly promptedSettings: readonly PromptedSetting[];
  /** Absent: the CRM sends no webhooks. */
  readonly webhookInfo?: WebhookInfo | undefined;
  /** With several models: the default name of the property of a score field, for a model beside the first one. */
  modelProperty(model: string, field: ScoreField): string;
  create(parts: ConnectorParts): CrmConnector;
}

const moduleSchema: z.ZodType<ConnectorModule> = z.object({
  settingsSchema: z.instanceof(z.ZodObject),
  promptedSettings: z.array(
    z.object({ name: z.string(), question: z.string(), secret: z.boolean(), skipIfSet: z.string().optional() }),
  ),
  webhookInfo: z.object({ requiredSetting: z.string(), path: z.string() }).optional(),
  modelProperty: z.custom<ConnectorModule['modelProperty']>(
    (value) => typeof value === 'function',
    'expected a function',
  ),
  create: z.custom<ConnectorModule['create']>((value) => typeof value === 'function', 'expected a function'),
});

/** The IDs of all connectors: the names of the folders that contain an index.ts. */
export async function connectorIds(): Promise<readonly string[]> {
  const entries = await readdir(import.meta.dirname, { recursive: true, withFileTypes: true });
  const indexes = entries.filter((entry) => entry.isFile() && entry.name === 'index.ts');
  const folders = indexes.map((entry) => entry.parentPath.slice(import.meta.dirname.length + 1));
  return folders.filter((folder) => /^[a-z][a-z0-9-]*$/.test(folder)).toSorted();
}

/** @throws Error for an unknown ID, or when the index.ts lacks a required export */
export async function loadConnector(id: string): Promise<ConnectorModule> {
  const ids = await connectorIds();
  if (!ids.includes(id)) throw new Error(`Unknown connector "${id}". Available: ${ids.join(', ')}.`);
  const loaded: unknown = await import(`./${id}/index.ts`);
  const parsed = moduleSchema.safeParse({ ...(typeof loaded === 'object' ? loaded : {}) });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(`connectors/${id}/index.ts: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}.`);
}
