// Documents that attack the XML parser, and unusual documents with the usual content.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accepted, LEAD, LEAD_EVENT, message, NOTIFICATION, ORG, receiver, request } from './webhook-documents.ts';

describe('a document that attacks the parser', () => {
  const lol = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('');
  const attacks: readonly (readonly [string, string])[] = [
    ['a billion laughs', `<!DOCTYPE lolz [<!ENTITY l0 "lol">${lol}]><lolz>&l9;</lolz>`],
    ['an external entity', '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'],
    ['an external document type', '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>'],
    ['a document type in lower case', '<!doctype html><html></html>'],
    ['an entity without a document type', `<x><!ENTITY e "y"></x>`],
  ];

  test.each(attacks)('a document with %s is refused within 500 ms and never parsed', (_name, body) => {
    const before = performance.now();
    expect(receiver.parse(request(body))).toMatchObject({ kind: 'refused', status: 401, reason: 'document_type' });
    expect(performance.now() - before).toBeLessThan(500);
  });

  test('a document type before a valid envelope is refused', () => {
    const body = message().replace('<soapenv:Envelope', '<!DOCTYPE x [<!ENTITY e "00Q">]><soapenv:Envelope');
    expect(receiver.parse(request(body))).toMatchObject({ kind: 'refused', reason: 'document_type' });
  });

  const full = receiver.maxBytes;
  test.each([
    ['elements in elements', '<a>'.repeat(full / 3)],
    ['empty elements', `<a>${'<b/>'.repeat(full / 4 - 2)}</a>`],
    ['attributes', `<a ${Array.from({ length: full / 12 }, (_, n) => `a${n}=""`).join(' ')}/>`],
    ['namespaces', `<a ${Array.from({ length: full / 20 }, (_, n) => `xmlns:a${n}="u"`).join(' ')}/>`],
    ['a name that does not end', `<${'a'.repeat(full - 1)}`],
    ['beginnings of a session', '<SessionId'.repeat(full / 10)],
    ['brackets', '<'.repeat(full)],
    ['references', `<a>${'&amp;'.repeat(full / 5 - 2)}</a>`],
    ['text before a session', `<a>${'00D'.repeat(full / 3 - 3)}</a>`],
  ])('one megabyte of %s is accepted as unparsed within 5 s', (_name, body) => {
    const before = performance.now();
    expect(accepted(request(body)).events).toEqual([]);
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});

const space = fc.stringMatching(/^[ \t\r\n]{0,4}$/);
const prefix = fc.stringMatching(/^[a-w][a-z0-9._-]{0,5}$/);

test('an outbound message yields the same event with any prefixes, white space, quotes and order of attributes', () => {
  const parts = fc.record({
    soap: prefix.map((name) => `s${name}`),
    out: fc.option(
      prefix.map((name) => `o${name}`),
      { nil: null },
    ),
    type: prefix.map((name) => `t${name}`),
    xsi: prefix.map((name) => `i${name}`),
    gap: space,
    quote: fc.constantFrom('"', "'"),
    swapped: fc.boolean(),
  });
  fc.assert(
    fc.property(parts, ({ soap, out, type, xsi, gap, quote, swapped }) => {
      const q = (text: string) => `${quote}${text}${quote}`;
      const tag = out === null ? '' : `${out}:`;
      const declared = out === null ? 'xmlns' : `xmlns:${out}`;
      const attributes = [
        `${xsi}:type=${q(`${type}:Lead`)}`,
        `xmlns:${type}=${q('urn:sobject.enterprise.soap.sforce.com')}`,
        `xmlns:${xsi}=${q('http://www.w3.org/2001/XMLSchema-instance')}`,
      ];
      const ordered = (swapped ? attributes.toReversed() : attributes).join(` ${gap}`);
      const element = (name: string, content: string) => `<${name}${gap}>${gap}${content}${gap}</${name}${gap}>`;
      const sObject = `<${tag}sObject ${ordered}${gap}>${element(`${type}:Id`, LEAD)}</${tag}sObject>`;
      const notificationXml = element(`${tag}Notification`, element(`${tag}Id`, NOTIFICATION) + gap + sObject);
      const org = element(`${tag}OrganizationId`, ORG);
      const notifications = `<${tag}notifications ${declared}=${q('http://soap.sforce.com/2005/09/outbound')}>${gap}${org}${notificationXml}</${tag}notifications>`;
      const document = `<${soap}:Envelope xmlns:${soap}=${q('http://schemas.xmlsoap.org/soap/envelope/')}${gap}>${gap}${element(`${soap}:Body`, notifications)}${gap}</${soap}:Envelope>${gap}`;
      expect(accepted(request(document))).toMatchObject({ events: [LEAD_EVENT], unparsed: [] });
    }),
  );
});

test('the receiver throws for no body and no content type', () => {
  const bodies = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.nat(message().length).map((at) => message().slice(at)),
  );
  const types = fc.constantFrom('text/xml', 'application/json', undefined);
  fc.assert(
    fc.property(bodies, types, (body, type) => {
      const verdict = receiver.parse(request(body, { headers: { 'content-type': type } }));
      expect(['accepted', 'refused']).toContain(verdict.kind);
    }),
  );
});
