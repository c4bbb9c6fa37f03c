// One segment of a path. A path cannot contain `.` or `..`, also not percent-encoded: a URL drops
// them, and the call would reach another resource (https://url.spec.whatwg.org/#double-dot-path-segment).
import { ConnectorError } from '../../../src/crm/connector-error.ts';

/** @throws ConnectorError `invalid` for an ID or a name that no path can contain */
export function pathSegment(text: string): string {
  if (text !== '' && text !== '.' && text !== '..' && text.isWellFormed()) return encodeURIComponent(text);
  const message = `HubSpot has no ID or name ${JSON.stringify(text)}`;
  throw new ConnectorError({ kind: 'invalid', crm: 'hubspot', message, code: 'BAD_ID' });
}
