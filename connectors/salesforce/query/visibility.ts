// Whether this user sees what a stream cannot do without.
import type { StreamAvailability } from '../../../src/crm/connector.ts';
import type { Reader } from './query.ts';
import { invisibleObject } from './query.ts';

interface Needed {
  /** In words: "reading leads". */
  readonly what: string;
  readonly object: string;
  /** Without one of them the stream tells nothing. */
  readonly fields: readonly string[];
}

/** Whether this user may read any record of the object. */
export async function isVisible(
  { schema }: Pick<Reader, 'schema'>,
  object: string,
  signal: AbortSignal,
): Promise<boolean> {
  return (await schema.object(object, signal))?.queryable === true;
}

/** Why not, and what opens it; null = it does. */
export async function missingFields(
  { schema }: Pick<Reader, 'schema'>,
  { what, object, fields }: Needed,
  signal: AbortSignal,
): Promise<StreamAvailability['unavailable']> {
  const described = await schema.object(object, signal);
  if (described === null || !described.queryable) {
    const { message, fix = '' } = invisibleObject(what, object);
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
