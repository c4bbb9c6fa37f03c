// Whether Salesforce has what a mapping reads: a source that it does not have would silently read nothing.
import { type Mapping, outcomeSources } from '../../src/mapping/mapping.ts';
import { ConnectorError } from '../connector-error.ts';
import { PEOPLE } from './person-projection.ts';

const OUTCOMES: readonly string[] = ['opportunities'];

/** @param streams the streams that activities can come from @throws ConnectorError `configuration` that names every wrong source */
export function checkMapping(mapping: Mapping, streams: readonly string[]): void {
  const fields = Object.entries(mapping.fields).flatMap(([field, { from }]) =>
    [from].flat().flatMap((source) => wrong(`fields.${field}.from`, source.split('.')[0] ?? '', PEOPLE)),
  );
  const activities = (mapping.activities ?? []).flatMap(({ from }, index) =>
    wrong(`activities[${index}].from`, from, streams),
  );
  const outcomes = [...outcomeSources(mapping)].flatMap((source) => wrong('outcomes.from', source, OUTCOMES));
  const links = (mapping.links ?? []).flatMap(({ from }, index) =>
    [from].flat().flatMap((source) => wrong(`links[${index}].from`, source.split('.')[0] ?? '', PEOPLE)),
  );
  const problems = [...fields, ...activities, ...outcomes, ...links];
  if (problems.length === 0) return;
  const message = `The mapping reads what Salesforce does not have: ${problems.join('; ')}.`;
  throw new ConnectorError({ kind: 'configuration', crm: 'salesforce', message, code: 'UNKNOWN_SOURCE' });
}

function wrong(path: string, source: string, known: readonly string[]): string[] {
  return known.includes(source) ? [] : [`${path}: "${source}" (known: ${known.join(', ')})`];
}
