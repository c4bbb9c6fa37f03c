// An outbound message (SOAP) -> the records that it names. It may contain every element of the
// WSDL; only the IDs are used.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_notifications.htm
import type { UnparsedPart } from '../../../src/crm/webhook-receiver.ts';
import { isId } from '../query/soql.ts';
import { fullId, fullOrgId, idProblem } from './full-id.ts';
import type { MessageResult, NamedRecord } from './named-records.ts';
import { childrenOf, parseXml, textIn, type XmlElement } from './read-xml.ts';

const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const OUTBOUND = 'http://soap.sforce.com/2005/09/outbound';
const SOBJECT = 'urn:sobject.enterprise.soap.sforce.com';

/**
 * The exact response that Salesforce expects. Without it a message counts as undelivered and is
 * repeated for 24 hours.
 */
export const ACK =
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>' +
  '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>' +
  '</soapenv:Body></soapenv:Envelope>';

// An unparsed notification is stored with a copy of its envelope (about 700 characters), so that it
// can be parsed again. Salesforce sends at most 100 notifications per message. The limits bound the
// stored text of a crafted message.
const MAX_NOTIFICATIONS = 100;
const MAX_ENVELOPE_LENGTH = 10_000;

/** Never throws. A message carries the latest values and no time of the change. */
export function parseOutboundMessage(document: string): MessageResult {
  const xml = parseXml(document);
  if (xml.kind === 'document-type') return xml;
  if (xml.kind === 'malformed') return { kind: 'unparsed', reason: xml.reason };
  const notifications = notificationsIn(xml.root);
  if (notifications === null)
    return { kind: 'unparsed', reason: 'The XML is not the envelope of an outbound message.' };
  const org = fullOrgId(textIn(notifications, OUTBOUND, 'OrganizationId') ?? '');
  if (org === null) return { kind: 'unparsed', reason: 'The outbound message has no valid OrganizationId.' };
  const found = childrenOf(notifications, OUTBOUND, 'Notification');
  const [first, last] = [found.at(0), found.at(-1)];
  if (first === undefined || last === undefined) {
    return { kind: 'unparsed', reason: 'The outbound message has no notification.', account: org };
  }
  const [head, tail] = [document.slice(0, first.start), document.slice(last.end)];
  if (found.length > MAX_NOTIFICATIONS || head.length + tail.length > MAX_ENVELOPE_LENGTH) {
    return { kind: 'unparsed', reason: 'The outbound message is larger than Salesforce sends.', account: org };
  }
  const named: NamedRecord[] = [];
  const unparsed: UnparsedPart[] = [];
  for (const notification of found) {
    const text = head + document.slice(notification.start, notification.end) + tail;
    const record = recordIn(notification);
    if (typeof record === 'string') unparsed.push({ text, reason: record, account: org });
    else named.push({ ...record, key: `${org}:${record.key}`, isImport: false, text });
  }
  return { kind: 'message', org, named, unparsed };
}

function notificationsIn(root: XmlElement): XmlElement | null {
  if (root.uri !== SOAP || root.local !== 'Envelope') return null;
  const bodies = childrenOf(root, SOAP, 'Body');
  const [first, ...others] = bodies.flatMap((body) => childrenOf(body, OUTBOUND, 'notifications'));
  return first === undefined || others.length > 0 ? null : first;
}

/** The record that a notification names, or the reason why it cannot be parsed. */
function recordIn(notification: XmlElement): Pick<NamedRecord, 'object' | 'id' | 'key'> | string {
  const notificationId = textIn(notification, OUTBOUND, 'Id') ?? '';
  if (!isId(notificationId)) return 'The notification has no valid Id.';
  const [sObject, ...others] = childrenOf(notification, OUTBOUND, 'sObject');
  if (sObject?.type?.uri !== SOBJECT || others.length > 0) return 'The notification has no sObject with a type.';
  const object = sObject.type.local;
  const given = textIn(sObject, SOBJECT, 'Id') ?? '';
  const id = fullId(given);
  if (id === null) return given === '' ? 'The sObject has no Id.' : `The Id of the sObject ${idProblem(given)}`;
  return { object, id, key: `${notificationId}:${id}` };
}

const SESSION = /(<(?:[\w.-]+:)?SessionId\b[^<>]*(?<!\/)>(?:<!\[CDATA\[)?)[^<]*/gi;
const TOKEN = /00D[a-zA-Z0-9]{12,15}![\w.]*/g;

/**
 * Removes session IDs before a message is stored. An admin may have enabled them, and each one
 * gives access to the whole org.
 */
export function withoutSession(document: string): string {
  return document.replace(SESSION, '$1').replace(TOKEN, '');
}
