// Outbound messages as Salesforce sends them, and requests that carry them.
import { createReceiver } from '../../../../connectors/salesforce/webhook/receiver.ts';
import type { AcceptedWebhook, WebhookEvent, WebhookRequest } from '../../../../src/crm/webhook-receiver.ts';
import { PRIORITY } from '../../../../src/domain/priority.ts';

export const TOKEN = 'c6f1d9a0b7e84d21a3f5';
/** The same org with 15 and with 18 characters. */
export const ORG_15 = '00DgL000004nvRc';
export const ORG = `${ORG_15}UAI`;
export const LEAD_15 = '00QgL0000000001';
export const LEAD = `${LEAD_15}UAA`;
export const NOTIFICATION = '04lgL0000000009QAA';
export const RECEIVED = new Date('2026-03-10T12:00:00.400Z');
/** The event of the default message. */
export const LEAD_EVENT: WebhookEvent = {
  key: `${ORG}:${NOTIFICATION}:${LEAD}`,
  account: ORG,
  subject: { kind: 'record', ref: { object: 'Lead', id: LEAD } },
  priority: PRIORITY.change,
  occurredAt: null,
};

export const STREAMS: ReadonlySet<string> = new Set([
  'accounts',
  'Lead',
  'Contact',
  'tasks',
  'events',
  'opportunities',
]);

export const ACK =
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>';

export interface NotificationParts {
  readonly object?: string;
  readonly id?: string;
  readonly notification?: string;
  readonly fields?: string;
}

export function notification({
  object = 'Lead',
  id = LEAD,
  notification = NOTIFICATION,
  fields = '',
}: NotificationParts = {}) {
  return `<Notification>
    <Id>${notification}</Id>
    <sObject xsi:type="sf:${object}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>${id}</sf:Id>${fields}
    </sObject>
   </Notification>`;
}

export function message(notifications: readonly string[] = [notification()], org = ORG, session = '') {
  return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>${org}</OrganizationId>
   <ActionId>04kgL0000000001UAA</ActionId>
   ${session || '<SessionId xsi:nil="true"/>'}
   <EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/66.0/${org}</EnterpriseUrl>
   <PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/66.0/${org}</PartnerUrl>
   ${notifications.join('\n   ')}
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>`;
}

export function request(body: string | Buffer, more: Partial<WebhookRequest> = {}): WebhookRequest {
  return {
    method: 'POST',
    url: `https://leadgrade.acme.example/webhooks/salesforce/${TOKEN}`,
    pathSuffix: TOKEN,
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    body: Buffer.isBuffer(body) ? body : Buffer.from(body),
    receivedAt: RECEIVED,
    ...more,
  };
}

export function json(body: unknown, more: Partial<WebhookRequest> = {}): WebhookRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return request(text, { headers: { 'content-type': 'application/json' }, ...more });
}

export const receiver = createReceiver({ token: TOKEN, orgId: undefined, streams: STREAMS });

export function accepted(sent: WebhookRequest, by = receiver): AcceptedWebhook {
  const verdict = by.parse(sent);
  if (verdict.kind !== 'accepted') throw new Error(`refused: ${verdict.reason}`);
  return verdict;
}
