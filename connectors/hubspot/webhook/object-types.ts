// The object types of events, by ID and by name.

interface ObjectType {
  readonly id: string;
  /**
   * The name in `contact.creation`, in `CONTACT_TO_COMPANY`, and in the list of subscriptions
   * (https://developers.hubspot.com/changelog/public-beta-generic-webhook-subscriptions).
   */
  readonly name: string;
}

/** The types that Leadgrade reads, by the ID of their streams. */
export const OBJECT_TYPES: Readonly<Record<string, ObjectType>> = {
  contacts: { id: '0-1', name: 'CONTACT' },
  companies: { id: '0-2', name: 'COMPANY' },
  deals: { id: '0-3', name: 'DEAL' },
  meetings: { id: '0-47', name: 'MEETING_EVENT' },
  calls: { id: '0-48', name: 'CALL' },
  emails: { id: '0-49', name: 'EMAIL' },
  notes: { id: '0-46', name: 'NOTE' },
  tasks: { id: '0-27', name: 'TASK' },
};

// Other types with events. A portal may send them for another purpose, or by mistake.
const OTHERS: ReadonlySet<string> = new Set([
  ...['TICKET', 'LINE_ITEM', 'PRODUCT', 'CONVERSATION', 'COMMUNICATION', 'LEAD', 'FEEDBACK_SUBMISSION'],
]);

const ID = /^\d{1,10}-\d{1,20}$/;

/**
 * `0-47`, `MEETING_EVENT` -> `meetings`; null: a type of HubSpot that is not read; undefined: an
 * unknown type.
 */
export function objectType(idOrName: string): string | null | undefined {
  const known = STREAMS.get(idOrName.toUpperCase());
  if (known !== undefined) return known;
  return ID.test(idOrName) || OTHERS.has(idOrName.toUpperCase()) ? null : undefined;
}

const STREAMS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(OBJECT_TYPES).flatMap(([stream, { id, name }]) => [[id, stream] as const, [name, stream] as const]),
  // The name in association types.
  ['MEETING', 'meetings'],
]);
