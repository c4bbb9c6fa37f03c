// Checks whether this user can see the objects and fields that a stream requires, and says how to
// grant access.
import type { StreamAvailability } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Schema } from './describe.ts';

interface RequiredAccess {
  /** The call in plain English: "reading leads". */
  readonly what: string;
  readonly object: string;
  /** If one of these fields is hidden, the stream is unavailable. */
  readonly fields: readonly string[];
}

/** Whether this user can query the object. */
export async function isVisible(
  { schema }: { readonly schema: Schema },
  object: string,
  signal: AbortSignal,
): Promise<boolean> {
  return (await schema.describe(object, signal))?.queryable === true;
}

/** Which access is missing, and how to grant it; null if this user has all of it. */
export async function missingFields(
  { schema }: { readonly schema: Schema },
  { what, object, fields }: RequiredAccess,
  signal: AbortSignal,
): Promise<StreamAvailability['unavailable']> {
  const described = await schema.describe(object, signal);
  if (described === null || !described.queryable) {
    const { message, fix = '' } = invisibleObjectError(what, object);
    return { reason: message, fix };
  }
  const hidden = fields.filter((field) => !described.fields.has(field.toLowerCase()));
  if (hidden.length === 0) return null;
  const names = hidden.map((field) => `${object}.${field}`).join(', ');
  return {
    reason: `Salesforce does not show ${names} to this user (${what})`,
    fix: `Let the integration user read ${names} (field-level security).`,
  };
}

export function invisibleObjectError(what: string, object: string): ConnectorError {
  return new ConnectorError({
    kind: 'forbidden',
    crm: 'salesforce',
    message: `Salesforce does not show ${object} to this user (${what})`,
    code: 'OBJECT_NOT_VISIBLE',
    fix: readAccessFix(object),
  });
}

/**
 * The objects that the permission set of apps/salesforce opens. Campaign members and contact roles
 * come with Campaign and Opportunity. The permission set that `npx leadgrade setup` creates grants only
 * Leadgrade's own fields.
 */
const DEPLOYED: ReadonlySet<string> = new Set([
  'Lead',
  'Contact',
  'Account',
  'Campaign',
  'CampaignMember',
  'Opportunity',
  'OpportunityContactRole',
]);

function readAccessFix(object: string): string {
  const permissionSet = DEPLOYED.has(object)
    ? 'by the permission set Leadgrade Integration of apps/salesforce, or by one of your own'
    : 'by a permission set of your own';
  return `Let the integration user read ${object}, ${permissionSet}.`;
}
