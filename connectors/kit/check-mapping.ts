// Whether a CRM has what a mapping reads: a source that it does not have would silently read nothing.

import { ConnectorError } from '../../src/crm/connector-error.ts';
import { type Mapping, outcomeSources } from '../../src/mapping/mapping.ts';

/** What a CRM has, by the names that a mapping uses. */
export interface Sources {
  readonly crm: string;
  /** As people write it: `HubSpot`. */
  readonly name: string;
  /** Objects that fields come from. */
  readonly objects: readonly string[];
  /** Those of them that are people: links come from them. */
  readonly people: readonly string[];
  /** Streams that activities come from. */
  readonly streams: readonly string[];
  readonly outcomes: readonly string[];
}

/** @throws ConnectorError `configuration` that names every wrong source */
export function checkMapping(mapping: Mapping, { crm, name, objects, people, streams, outcomes }: Sources): void {
  const problems = [
    ...Object.entries(mapping.fields).flatMap(([field, { from }]) => wrongObjects(`fields.${field}`, from, objects)),
    ...(mapping.activities ?? []).flatMap(({ from }, index) => wrong(`activities[${index}].from`, from, streams)),
    ...[...outcomeSources(mapping)].flatMap((source) => wrong('outcomes.from', source, outcomes)),
    ...(mapping.links ?? []).flatMap(({ from }, index) => wrongObjects(`links[${index}]`, from, people)),
  ];
  if (problems.length === 0) return;
  const message = `The mapping reads what ${name} does not have: ${problems.join('; ')}.`;
  throw new ConnectorError({ kind: 'configuration', crm, message, code: 'UNKNOWN_SOURCE' });
}

function wrongObjects(path: string, from: string | readonly string[], known: readonly string[]): string[] {
  return [from].flat().flatMap((source) => wrong(`${path}.from`, source.split('.')[0] ?? '', known));
}

function wrong(path: string, source: string, known: readonly string[]): string[] {
  return known.includes(source) ? [] : [`${path}: "${source}" (known: ${known.join(', ')})`];
}
