// The IDs of HubSpot contacts, and the URLs of their records.
import type { RecordKeys } from '../../src/crm/record-keys.ts';

/**
 * `app.hubspot.com`, and the hosts of other regions: `app-eu1.hubspot.com`
 * (https://developers.hubspot.com/docs/apps/developer-platform/build-apps/overview#data-hosting).
 */
const HOST = /^app(?:-[a-z]{2}\d+)?\.hubspot\.com$/;
/**
 * `/contacts/PORTAL/record/0-1/ID`: 0-1 is the type of contacts
 * (https://developers.hubspot.com/docs/guides/crm/understanding-the-crm#object-type-ids).
 */
const RECORD = /^\/contacts\/(\d+)\/record\/(\d+-\d+)\/(\d+)(?:\/|$)/;
/** The form before custom objects: `/contacts/PORTAL/contact/ID`. */
const CONTACT = /^\/(?:contacts|sales)\/(\d+)\/contact\/(\d+)(?:\/|$)/;
const CONTACTS = '0-1';

const EXAMPLE = 'Copy the URL of a contact: https://app.hubspot.com/contacts/123/record/0-1/456';

export const recordKeys: RecordKeys = {
  parseId: (text) => {
    const id = text.trim();
    return /^\d{1,20}$/.test(id) ? { id } : { problem: 'A HubSpot ID is a number, for example hubspot:12345.' };
  },
  parseUrl: ({ hostname, pathname }) => {
    if (!HOST.test(hostname)) return null;
    const [, portal, type, id] = RECORD.exec(pathname) ?? [];
    if (portal !== undefined && id !== undefined) {
      if (type === CONTACTS) return { id, account: portal };
      return { problem: `This URL shows another object than a contact. ${EXAMPLE}`, account: portal };
    }
    const [, oldPortal, oldId] = CONTACT.exec(pathname) ?? [];
    if (oldPortal !== undefined && oldId !== undefined) return { id: oldId, account: oldPortal };
    return { problem: `This HubSpot URL shows no record. ${EXAMPLE}` };
  },
};
