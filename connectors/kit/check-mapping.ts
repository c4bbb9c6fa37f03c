// Checks that a CRM has the sources that a mapping reads: an unknown source would silently give no
// values.

import { ConnectorError } from '../../src/crm/connector-error.ts';
import { type Mapping, outcomeSources } from '../../src/mapping/mapping.ts';
import { sourcesOf } from '../../src/mapping/project-fields.ts';

/** The sources of a CRM, by the names that a mapping uses. */
export interface Sources {
  readonly crm: string;
  /** The name of the CRM in texts: `HubSpot`. */
  readonly name: string;
  /** Objects with fields. */
  readonly objects: readonly string[];
  /** The objects among them that are people: only these have links. */
  readonly people: readonly string[];
  /** Streams with activities. */
  readonly streams: readonly string[];
  readonly outcomes: readonly string[];
}

/** @throws ConnectorError `configuration` that names every unknown source */
export function checkMapping(mapping: Mapping, { crm, name, objects, people, streams, outcomes }: Sources): void {
  const problems = [
    ...Object.entries(mapping.fields).flatMap(([field, each]) => checkObjects(`fields.${field}`, each, objects)),
    ...(mapping.activities ?? []).flatMap(({ from }, index) => checkSource(`activities[${index}].from`, from, streams)),
    ...[...outcomeSources(mapping)].flatMap((source) => checkSource('outcomes.from', source, outcomes)),
    ...(mapping.links ?? []).flatMap((each, index) => checkObjects(`links[${index}]`, each, people)),
  ];
  if (problems.length === 0) return;
  const message = `The mapping reads sources that ${name} does not have: ${problems.join('; ')}.`;
  throw new ConnectorError({ kind: 'configuration', crm, message, code: 'UNKNOWN_SOURCE' });
}

function checkObjects(path: string, source: Parameters<typeof sourcesOf>[0], known: readonly string[]): string[] {
  return sourcesOf(source).flatMap(({ object }) => checkSource(`${path}.from`, object, known));
}

function checkSource(path: string, source: string, known: readonly string[]): string[] {
  return known.includes(source) ? [] : [`${path}: "${source}" (known: ${known.join(', ')})`];
}
