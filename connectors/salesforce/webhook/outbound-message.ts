// An outbound message (SOAP) -> the records that it names. All elements that the WSDL lists may be there; only the ids are used.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_notifications.htm
import type { UnparsedPart } from '../../../src/crm/webhook-receiver.ts';
import { isId } from '../query/soql.ts';
import { fullId, fullOrgId } from './full-id.ts';
import type { NamedRecord, ReadMessage } from './named-records.ts';
import { childrenOf, readXml, textIn, type XmlElement } from './read-xml.ts';

const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const OUTBOUND = 'http://soap.sforce.com/2005/09/outbound';
const SOBJECT = 'urn:sobject.enterprise.soap.sforce.com';

/** What Salesforce wants to hear, word for word. Without it a message counts as not delivered, and comes again for 24 hours. */
export const ACK =
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>' +
  '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>' +
  '</soapenv:Body></soapenv:Envelope>';

// What is not understood is kept within its envelope, which is of some 700 characters, so that it can be read again. A message has up to
// 100 notifications; of one that has more, or a larger envelope, keeping all of them so would be what it was made for.
const MOST_NOTIFICATIONS = 100;
const MOST_ENVELOPE = 10_000;

/** Never throws. A message tells the latest values and no instant. */
export function readMessage(document: string): ReadMessage {
  const xml = readXml(document);
  if (xml.kind === 'declares') return xml;
  if (xml.kind === 'malformed') return { kind: 'unparsed', reason: xml.reason };
  const notifications = notificationsIn(xml.root);
  if (notifications === null)
    return { kind: 'unparsed', reason: 'The XML is not the envelope of an outbound message.' };
  const org = fullOrgId(textIn(notifications, OUTBOUND, 'OrganizationId') ?? '');
  if (org === null) return { kind: 'unparsed', reason: 'The outbound message does not say of which org it is.' };
  const found = childrenOf(notifications, OUTBOUND, 'Notification');
  const [first, last] = [found.at(0), found.at(-1)];
  if (first === undefined || last === undefined) {
    return { kind: 'unparsed', reason: 'The outbound message has no notification.', account: org };
  }
  const [head, tail] = [document.slice(0, first.start), document.slice(last.end)];
  if (found.length > MOST_NOTIFICATIONS || head.length + tail.length > MOST_ENVELOPE) {
    return { kind: 'unparsed', reason: 'The outbound message is larger than any of Salesforce.', account: org };
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
  const [only, ...more] = bodies.flatMap((body) => childrenOf(body, OUTBOUND, 'notifications'));
  return only === undefined || more.length > 0 ? null : only;
}

/** The record that a notification is about, or what is wrong. */
function recordIn(notification: XmlElement): Pick<NamedRecord, 'object' | 'id' | 'key'> | string {
  const notificationId = textIn(notification, OUTBOUND, 'Id') ?? '';
  if (!isId(notificationId)) return 'The notification has no usable Id.';
  const [sObject, ...more] = childrenOf(notification, OUTBOUND, 'sObject');
  if (sObject?.type?.uri !== SOBJECT || more.length > 0) return 'The notification has no sObject with a type.';
  const object = sObject.type.local;
  const id = fullId(textIn(sObject, SOBJECT, 'Id') ?? '');
  if (id === null) return 'The sObject has no usable Id.';
  return { object, id, key: `${notificationId}:${id}` };
}

const SESSION = /(<(?:[\w.-]+:)?SessionId\b[^<>]*(?<!\/)>(?:<!\[CDATA\[)?)[^<]*/gi;
const TOKEN = /00D[a-zA-Z0-9]{12,15}![\w.]*/g;

/** A message as it may be kept: an admin may have had the id of a session sent along, with which everything could be read. */
export function withoutSession(document: string): string {
  return document.replace(SESSION, '$1').replace(TOKEN, '');
}
