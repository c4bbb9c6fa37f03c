// Opens the connector of every CRM that has settings, with its mapping. All problems of both are
// reported.

import {
  type ConnectorModule,
  type ConnectorParts,
  connectorIds,
  loadConnector,
} from '../../../connectors/registry.ts';
import { liveKeys, type MappedCrm, type ScoredModel } from '../../../jobs/context.ts';
import type { CrmConnector, RetryOptions } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { withNormalizedLinks } from '../../../src/crm/normalize-links.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import type { RateLimiter } from '../../../src/domain/limits/rate-limiter.ts';
import { sha256Hex } from '../../../src/domain/texts/sha256-hex.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { createScope } from '../../../src/mapping/scope.ts';
import { sharedProperties, withModelFields, writtenFields } from '../../../src/mapping/write-back.ts';
import { ConfigurationError } from '../configuration-error.ts';
import { parseSettings } from '../parse-settings.ts';
import { loadMapping } from './load-mapping.ts';

interface Parts {
  /** The settings of a connector by name, unparsed; empty: the CRM is not set up. */
  readonly settingsOf: (crm: string) => Readonly<Record<string, string>>;
  /** Absent: of mappings/<crm>.yaml. */
  readonly mappingOf?: ((crm: string) => Promise<Mapping>) | undefined;
  /** The models that score side by side. */
  readonly models: readonly Pick<ScoredModel, 'key' | 'role'>[];
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  /** Absent: the defaults of each connector. */
  readonly retryOptions?: RetryOptions | undefined;
}

/**
 * @throws ConfigurationError when no CRM is set up, or the settings or the mapping of one are
 *   invalid
 */
export async function loadCrms(parts: Parts): Promise<ReadonlyMap<string, MappedCrm>> {
  const ids = await connectorIds();
  const configured = ids.filter((id) => Object.keys(parts.settingsOf(id)).length > 0);
  if (configured.length === 0) {
    const wanted = ids.map((id) => `${id.toUpperCase()}_...`).join(' or ');
    throw new ConfigurationError(`No CRM is set up. Set ${wanted} (see .env.example), or try: npx leadgrade demo.`);
  }
  const crms = await Promise.all(configured.map((id) => loadCrm(id, parts)));
  const keys = new Map(crms.map(({ connector }) => [connector.id, connector.recordKeys]));
  const keysOf = (crm: string) => keys.get(crm);
  return new Map(
    crms.map((crm) => [crm.connector.id, { ...crm, connector: withNormalizedLinks(crm.connector, keysOf) }]),
  );
}

async function loadCrm(
  id: string,
  { settingsOf, mappingOf = loadMapping, models, limiter, clock, retryOptions }: Parts,
): Promise<MappedCrm> {
  const module = await loadConnector(id);
  const given = settingsOf(id);
  const settings = parseSettings(module.settingsSchema, given, { environment: given, isSecret: isSecretSetting });
  if ('problems' in settings) {
    const lines = settings.problems.map((problem) => `  ${problem}`);
    throw new ConfigurationError(`The settings of ${id} are not complete or not right:\n${lines.join('\n')}`);
  }
  const own = await mappingOf(id);
  const mapping = withFieldsOf(models, id, own, module);
  const connector = createConnector(id, module, {
    settings: settings.value,
    mapping,
    limiter,
    clock,
    ...(retryOptions === undefined ? {} : { retryOptions }),
  });
  const { leads, write_back, when_edited, min_change, calls_for_others: _, ...read } = mapping;
  const scopeHashOf: MappedCrm['scopeHashOf'] = (of) => {
    const other = withModelFields(own, liveKeys(of), module.modelProperty);
    return hashOfContent({ leads, write_back: other.write_back, when_edited, min_change });
  };
  return {
    connector,
    mappingHash: hashOfContent(read),
    scopeHash: scopeHashOf(models),
    scopeHashOf,
    editPolicy: when_edited ?? 'overwrite',
    minChange: min_change ?? 1,
    scopeOf: createScope(mapping),
    writes: writtenFields(mapping).map(({ key }) => key),
    links: mapping.links ?? [],
  };
}

/** @throws ConfigurationError when two models write one field */
function withFieldsOf(models: Parts['models'], id: string, mapping: Mapping, module: ConnectorModule): Mapping {
  const resolved = withModelFields(mapping, liveKeys(models), module.modelProperty);
  const shared = sharedProperties(resolved).map(({ path, property, other }) => {
    const line = [...path, `my_${property}`].join(': ');
    return `mappings/${id}.yaml ${path.join('.')}: "${property}" is written by "${other}" as well. Give each field of each model its own property: ${line}`;
  });
  if (shared.length > 0) throw new ConfigurationError(shared.join('\n'));
  return resolved;
}

/** Its value is never printed. */
function isSecretSetting(name: string): boolean {
  return /TOKEN|SECRET|KEY|PASSWORD/.test(name);
}

function createConnector(id: string, module: ConnectorModule, parts: ConnectorParts): CrmConnector {
  try {
    return module.create(parts);
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    throw new ConfigurationError(`mappings/${id}.yaml: ${error.message}`, { cause: error });
  }
}

/** Comments and the order of the keys do not change the hash. */
function hashOfContent(value: unknown): string {
  return sha256Hex(JSON.stringify(withSortedKeys(value)));
}

function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, child]) => [key, withSortedKeys(child)]),
  );
}
