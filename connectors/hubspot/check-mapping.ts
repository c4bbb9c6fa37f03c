// Whether HubSpot has what a mapping reads: a source that it does not have would silently read nothing.
import { type Mapping, outcomeSources } from '../../src/mapping/mapping.ts';
import { ConnectorError } from '../connector-error.ts';

const OBJECTS: readonly string[] = ['contacts', 'companies'];
const OUTCOMES: readonly string[] = ['deals', 'lifecycle'];

/** @param streams the streams that activities can come from @throws ConnectorError `configuration` that names every wrong source */
export function checkMapping(mapping: Mapping, streams: readonly string[]): void {
  const fields = Object.entries(mapping.fields).flatMap(([field, { from }]) =>
    [from].flat().flatMap((source) => wrong(`fields.${field}.from`, source.split('.')[0] ?? '', OBJECTS)),
  );
  const activities = (mapping.activities ?? []).flatMap(({ from }, index) =>
    wrong(`activities[${index}].from`, from, streams),
  );
  const outcomes = [...outcomeSources(mapping)].flatMap((source) => wrong('outcomes.from', source, OUTCOMES));
  const links = (mapping.links ?? []).flatMap(({ from }, index) =>
    [from].flat().flatMap((source) => wrong(`links[${index}].from`, source.split('.')[0] ?? '', ['contacts'])),
  );
  const problems = [...fields, ...activities, ...outcomes, ...links];
  if (problems.length === 0) return;
  const message = `The mapping reads what HubSpot does not have: ${problems.join('; ')}.`;
  throw new ConnectorError({ kind: 'configuration', crm: 'hubspot', message, code: 'UNKNOWN_SOURCE' });
}

function wrong(path: string, source: string, known: readonly string[]): string[] {
  return known.includes(source) ? [] : [`${path}: "${source}" (known: ${known.join(', ')})`];
}
