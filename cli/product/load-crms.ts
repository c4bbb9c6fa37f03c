// The CRMs that the settings name, each with its mapping file: what is wrong with either is told in full.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConnectorModule, type ConnectorParts, connectorIds, loadConnector } from '../../connectors/registry.ts';
import type { MappedCrm } from '../../jobs/context.ts';
import type { CrmConnector, RetryOptions } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { formatProblem } from '../../src/domain/problem.ts';
import type { RateLimiter } from '../../src/domain/rate-limiter.ts';
import { type Mapping, readMapping } from '../../src/mapping/mapping.ts';
import { createScope } from '../../src/mapping/scope.ts';
import { writtenFields } from '../../src/mapping/write-back.ts';

/** Settings, a model or a mapping that somebody must mend; the message is for them. Exit code 2. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

interface Parts {
  /** The settings of a connector, as the environment gives them; empty where it has none. */
  readonly settingsOf: (crm: string) => Readonly<Record<string, string>>;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  /** Absent: each connector's own. */
  readonly patience?: RetryOptions | undefined;
}

/** @throws ConfigurationError when no CRM is set up, or one of them wrongly */
export async function loadCrms(parts: Parts): Promise<ReadonlyMap<string, MappedCrm>> {
  const ids = await connectorIds();
  const configured = ids.filter((id) => Object.keys(parts.settingsOf(id)).length > 0);
  if (configured.length === 0) {
    const wanted = ids.map((id) => `${id.toUpperCase()}_...`).join(' or ');
    throw new ConfigurationError(`No CRM is set up. Set ${wanted} (see .env.example), or try "leadgrade demo".`);
  }
  const crms = await Promise.all(configured.map((id) => loadCrm(id, parts)));
  return new Map(crms.map((crm) => [crm.connector.id, crm]));
}

async function loadCrm(id: string, { settingsOf, limiter, clock, patience }: Parts): Promise<MappedCrm> {
  const module = await loadConnector(id);
  const settings = module.settingsSchema.safeParse(settingsOf(id));
  if (!settings.success) {
    const lines = settings.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigurationError(`The settings of ${id} are not right:\n${lines.join('\n')}`);
  }
  const mapping = await loadMapping(id);
  const connector = createConnector(id, module, {
    settings: settings.data,
    mapping,
    limiter,
    clock,
    ...(patience === undefined ? {} : { patience }),
  });
  const { leads, write_back, when_edited, ...read } = mapping;
  return {
    connector,
    mappingHash: hashOf(read),
    scopeHash: hashOf({ leads, write_back, when_edited }),
    editPolicy: when_edited ?? 'overwrite',
    inScope: createScope(mapping),
    writes: writtenFields(mapping).map(({ field }) => field),
  };
}

function createConnector(id: string, module: ConnectorModule, parts: ConnectorParts): CrmConnector {
  try {
    return module.create(parts);
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    throw new ConfigurationError(`mappings/${id}.yaml: ${error.message}`, { cause: error });
  }
}

/** @throws ConfigurationError with all that is wrong */
export async function loadMapping(id: string): Promise<Mapping> {
  const file = shippedFile(`mappings/${id}.yaml`);
  const { mapping, problems } = readMapping(await readFile(file, 'utf8'), file);
  if (mapping) return mapping;
  throw new ConfigurationError(problems.map(formatProblem).join('\n'));
}

/** A file of the working directory, else the one that comes with the package. */
export function shippedFile(path: string): string {
  return existsSync(path) ? path : join(import.meta.dirname, '../..', path);
}

/** Of the content, so that another comment or order of lines is not another mapping. */
function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}
