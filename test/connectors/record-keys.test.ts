// IDs and URLs of records, as people copy them from the CRMs.
import { describe, expect, test } from 'vitest';
import { recordKeys as hubspot } from '../../connectors/hubspot/record-keys.ts';
import { recordKeys as salesforce } from '../../connectors/salesforce/record-keys.ts';

const ID = '00Q5g00000AbCdEEAV';
const SHORT = '00Q5g00000AbCdE';
const CONTACT = '0035g00000XyZaBAAV';

describe('a Salesforce ID', () => {
  test.each([
    ['18 characters', ID],
    ['15 characters', SHORT],
    ['spaces around it', ` ${ID} `],
    ['only lower case: the last three characters tell the case of the others', ID.toLowerCase()],
    ['only upper case', ID.toUpperCase()],
    ['a checksum in lower case', `${SHORT}eav`],
  ])('with %s is the same ID', (_form, text) => {
    expect(salesforce.parseId(text)).toEqual({ id: ID });
  });

  test('with a checksum that does not fit is refused with the ID that was probably meant', () => {
    expect(salesforce.parseId(`${SHORT}EAX`)).toEqual({
      problem: `The last three letters of ${SHORT}EAX do not fit: did you mean ${ID}?`,
    });
  });

  test.each(['', '123', '00Q5g00000AbCdEE', '00Q5g00000AbCd-'])('is not %j', (text) => {
    expect(salesforce.parseId(text)).toEqual({ problem: expect.stringContaining('15 or 18 letters and digits') });
  });
});

test.each([
  ['Lightning', `https://acme.lightning.force.com/lightning/r/Lead/${ID}/view`],
  ['Lightning without the object', `https://acme.lightning.force.com/lightning/r/${SHORT}/view?ws=1`],
  [
    'a related list',
    `https://acme--dev.sandbox.lightning.force.com/lightning/r/Lead/${ID}/related/CampaignMembers/view`,
  ],
  ['Classic', `https://acme.my.salesforce.com/${SHORT}`],
  ['Classic with a return URL', `https://na1.salesforce.com/${SHORT}/e?retURL=%2F0015g00000AbCdE`],
  ['the mobile app', `https://acme.lightning.force.com/one/one.app#/sObject/${ID}/view`],
])('a Salesforce URL of %s names the record', (_form, url) => {
  expect(salesforce.parseUrl(new URL(url))).toEqual({ id: ID });
});

test('a Salesforce URL of a Contact names it, and one of an Account is refused', () => {
  const url = (object: string, id: string) =>
    new URL(`https://acme.lightning.force.com/lightning/r/${object}/${id}/view`);
  expect(salesforce.parseUrl(url('Contact', CONTACT.slice(0, 15)))).toMatchObject({
    id: expect.stringMatching(/^003.{15}$/),
  });
  expect(salesforce.parseUrl(url('Account', '0015g00000AbCdEAAV'))).toEqual({
    problem: expect.stringContaining('another object than a Lead or Contact'),
  });
  expect(salesforce.parseUrl(new URL('https://acme.lightning.force.com/lightning/page/home'))).toEqual({
    problem: expect.stringContaining('shows no record'),
  });
  expect(salesforce.parseUrl(new URL('https://salesforce.com.evil.example/00Q5g00000AbCdE'))).toBeNull();
});

test.each([
  ['the present form', 'https://app.hubspot.com/contacts/777/record/0-1/123'],
  ['another region and tab', 'https://app-eu1.hubspot.com/contacts/777/record/0-1/123/view/1?eschref=x'],
  ['the old form', 'https://app.hubspot.com/contacts/777/contact/123/'],
])('a HubSpot URL in %s names the contact and its portal', (_form, url) => {
  expect(hubspot.parseUrl(new URL(url))).toEqual({ id: '123', account: '777' });
});

test('a HubSpot URL of a company, or of a list, is refused', () => {
  expect(hubspot.parseUrl(new URL('https://app.hubspot.com/contacts/777/record/0-2/123'))).toMatchObject({
    problem: expect.stringContaining('another object than a contact'),
  });
  expect(hubspot.parseUrl(new URL('https://app.hubspot.com/contacts/777/objects/0-1/views/all/list'))).toMatchObject({
    problem: expect.stringContaining('shows no record'),
  });
  expect(hubspot.parseUrl(new URL('https://acme.example/contacts/777/record/0-1/123'))).toBeNull();
});

test('a HubSpot ID is a number', () => {
  expect(hubspot.parseId(' 123 ')).toEqual({ id: '123' });
  expect(hubspot.parseId('00Q5g00000AbCdE')).toEqual({ problem: expect.stringContaining('is a number') });
});
