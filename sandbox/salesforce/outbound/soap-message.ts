// The XML of outbound messages: the envelope that Salesforce sends, and the acknowledgment that it
// expects.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_notifications.htm
import type { HttpResponse } from '../../webhooks/http-sender.ts';
import type { SObjectRecord } from '../records/record-table.ts';
import type { Value } from '../schema/field.ts';

const HOST = 'https://leadgrade.my.salesforce.example/services/Soap';

export interface SoapMessage {
  readonly orgId: string;
  readonly actionId: string;
  readonly notifications: readonly { readonly id: string; readonly record: SObjectRecord }[];
  /** Fields besides the ID. */
  readonly fields: readonly string[];
}

export function soapMessage({ orgId, actionId, notifications, fields }: SoapMessage): string {
  const elements = notifications.map(({ id, record }) => {
    const values = fields.map((name) => element(`sf:${name}`, record.values[name] ?? null)).join('');
    const type = `xsi:type="sf:${record.type}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"`;
    const sObject = `<sObject ${type}>\n     ${element('sf:Id', record.id)}${values}\n    </sObject>`;
    return `   <Notification>\n    ${element('Id', id)}\n    ${sObject}\n   </Notification>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   ${element('OrganizationId', orgId)}
   ${element('ActionId', actionId)}
   <SessionId xsi:nil="true"/>
   ${element('EnterpriseUrl', `${HOST}/c/66.0/${orgId}`)}
   ${element('PartnerUrl', `${HOST}/u/66.0/${orgId}`)}
${elements.join('')}  </notifications>
 </soapenv:Body>
</soapenv:Envelope>`;
}

/** '' for a field without a value. */
function element(name: string, value: Value): string {
  return value === null ? '' : `<${name}>${escaped(String(value))}</${name}>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function escaped(text: string): string {
  // XML 1.0 allows no other control characters.
  const printable = text.replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '');
  return printable.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

const ACK =
  /<(?:(\w+):)?notificationsResponse\b[^<>]*\sxmlns(?::\1)?\s*=\s*["']http:\/\/soap\.sforce\.com\/2005\/09\/outbound["'][^<>]*>\s*<(?:\w+:)?Ack>\s*true\s*</;

/** True if the receiver acknowledged the message. A status of 200 alone is not enough. */
export function isAcknowledged({ status, contentType, body }: HttpResponse): boolean {
  return status === 200 && /^(?:text|application)\/(?:soap\+)?xml\b/i.test(contentType) && ACK.test(body);
}
