// The scopes of the HubSpot app: only those that the mapping needs.
//
// All are required ones: "Apps configured with static auth can only define required scopes"
// (https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes).
// HubSpot refuses to install an app with a scope that the portal's subscription does not include,
// so optional scopes can be left out by name.
import { type Mapping, outcomeSources } from '../../../../src/mapping/mapping.ts';
import { mappedSources } from '../../../../src/mapping/project-activities.ts';
import { mappedProperties } from '../../../../src/mapping/project-fields.ts';
import { ENGAGEMENTS } from '../../contacts/engagements.ts';
import { STREAM_SCOPES, WRITE_SCOPES } from '../../http/scopes.ts';

const { contacts, companies, ...others } = STREAM_SCOPES;
const BY_STREAM: ReadonlyMap<string, string> = new Map(Object.entries(others));

/** Without these no contact can be scored, or no score can be written. */
const ALWAYS = ['oauth', contacts, WRITE_SCOPES.contacts, 'crm.schemas.contacts.read', WRITE_SCOPES.properties];

/** The values of `--without`: scoring works without these. */
export const OPTIONAL_SCOPES: readonly string[] = [...BY_STREAM.values()];

/** The streams of the mapping that may need a scope, `deals` included. */
function streamsOf(mapping: Mapping): ReadonlySet<string> {
  const deals = outcomeSources(mapping).has('deals') ? ['deals'] : [];
  return new Set([...mappedSources(mapping).keys(), ...deals]);
}

/** The distinct scopes of the app, in a fixed order. */
export function scopesOf(mapping: Mapping, without: ReadonlySet<string>): readonly string[] {
  const streams = streamsOf(mapping);
  return [
    ...ALWAYS,
    ...(mappedProperties(mapping, 'companies').length > 0 ? [companies] : []),
    ...[...BY_STREAM].flatMap(([stream, scope]) => (streams.has(stream) && !without.has(scope) ? [scope] : [])),
  ];
}

/** The engagement types and deals of the mapping that the scopes give access to. */
export function visibleObjects(mapping: Mapping, without: ReadonlySet<string>): readonly string[] {
  return [...streamsOf(mapping)].filter((stream) => {
    const isObject = stream === 'deals' || Object.hasOwn(ENGAGEMENTS, stream);
    return isObject && !without.has(BY_STREAM.get(stream) ?? '');
  });
}
