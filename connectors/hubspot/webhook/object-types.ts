// The objects that events name, by their ids and by their names, as our streams call them.

const BY_ID: Readonly<Record<string, string>> = {
  ...{ '0-1': 'contacts', '0-2': 'companies', '0-3': 'deals' },
  ...{ '0-48': 'calls', '0-47': 'meetings', '0-49': 'emails', '0-46': 'notes', '0-27': 'tasks' },
};

// As they stand in `contact.creation`, in `CONTACT_TO_COMPANY`, and in the list of subscriptions
// (https://developers.hubspot.com/changelog/public-beta-generic-webhook-subscriptions).
const BY_NAME: Readonly<Record<string, string>> = {
  ...{ CONTACT: 'contacts', COMPANY: 'companies', DEAL: 'deals' },
  ...{ CALL: 'calls', MEETING_EVENT: 'meetings', MEETING: 'meetings', EMAIL: 'emails', NOTE: 'notes', TASK: 'tasks' },
};

/** `0-47`, `MEETING_EVENT` -> `meetings`; null: nothing that we read. */
export function objectType(idOrName: string): string | null {
  if (Object.hasOwn(BY_ID, idOrName)) return BY_ID[idOrName] ?? null;
  const name = idOrName.toUpperCase();
  return Object.hasOwn(BY_NAME, name) ? (BY_NAME[name] ?? null) : null;
}
