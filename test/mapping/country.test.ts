// Country names and codes as people write them.
import { getAlpha2Codes } from 'i18n-iso-countries';
import { expect, test } from 'vitest';
import { countryCode } from '../../src/mapping/values/country.ts';

test.each([
  ['US', 'US'],
  ['usa', 'US'],
  ['u.s.', 'US'],
  ['U.S.A.', 'US'],
  ['United States', 'US'],
  ['United States of America', 'US'],
  ['America', 'US'],
  ['UK', 'GB'],
  ['u.k.', 'GB'],
  ['united  kingdom', 'GB'],
  ['Great Britain', 'GB'],
  ['Britain', 'GB'],
  ['England', 'GB'],
  ['Scotland', 'GB'],
  ['Wales', 'GB'],
  ['Northern Ireland', 'GB'],
  ['UAE', 'AE'],
  ['Holland', 'NL'],
  ['The Netherlands', 'NL'],
  ['Deutschland', 'DE'],
  ['Germany', 'DE'],
  ['Czech Republic', 'CZ'],
  ['Turkey', 'TR'],
  ['Türkiye', 'TR'],
  ['Korea', 'KR'],
  ['Republic of Korea', 'KR'],
  ['Korea, Republic of', 'KR'],
  ['Russian Federation', 'RU'],
  ['Viet Nam', 'VN'],
  ['Ivory Coast', 'CI'],
  ["Cote d'Ivoire", 'CI'],
  ['Côte d’Ivoire', 'CI'],
  ['Hong Kong', 'HK'],
  ['Macau', 'MO'],
  ['Macao', 'MO'],
  ['Burma', 'MM'],
  ['Swaziland', 'SZ'],
  ['Macedonia', 'MK'],
  ['Cape Verde', 'CV'],
  ['Palestine', 'PS'],
  ['Iran, Islamic Republic of', 'IR'],
  ['Taiwan, Province of China', 'TW'],
  ['Bosnia and Herzegovina', 'BA'],
])('the country "%s" is read as %s', (text, code) => {
  expect(countryCode(text)).toBe(code);
});

test.each([
  ['Moldova, Republic of', 'MD'],
  ['Vereinigte Staaten', 'US'],
  ['Großbritannien', 'GB'],
  ['Elfenbeinküste', 'CI'],
  ['États-Unis', 'US'],
  ['Royaume-Uni', 'GB'],
  ['Allemagne', 'DE'],
  ['Alemania', 'DE'],
  ['Estados Unidos', 'US'],
  ['Costa de Marfil', 'CI'],
])('the German, French, Spanish or formal name "%s" is read as %s', (text, code) => {
  expect(countryCode(text)).toBe(code);
});

// As address forms, exports, ISO 3166 and the picklists of HubSpot and Salesforce write them.
test.each([
  ['DEU', 'DE'],
  ['U.S.A', 'US'],
  ['US - United States', 'US'],
  ['United States (US)', 'US'],
  ['unitedstates', 'US'],
  ['EE.UU.', 'US'],
  ['DE-Germany', 'DE'],
  ['Great Britain (UK)', 'GB'],
  ['Schweiz', 'CH'],
  ['Suisse / Schweiz', 'CH'],
  ['Brasil', 'BR'],
  ['España', 'ES'],
  ['Nederland', 'NL'],
  ['Sverige', 'SE'],
  ['Polska', 'PL'],
  ['日本', 'JP'],
  ['Hrvatska', 'HR'],
  ['Oesterreich', 'AT'],
  ['Bahamas, The', 'BS'],
  ['Hong Kong SAR', 'HK'],
  ['China mainland', 'CN'],
  ['Republic of China', 'TW'],
  ["People's Republic of China", 'CN'],
  ['Taiwan (Province of China)', 'TW'],
  ['Bolivia, Plurinational State of', 'BO'],
  ['Bolivia (Plurinational State of)', 'BO'],
  ['Venezuela, Bolivarian Republic of', 'VE'],
  ['Micronesia, Federated States of', 'FM'],
  ['Tanzania, the United Republic of', 'TZ'],
  ['Congo, the Democratic Republic of the', 'CD'],
  ["Korea, Democratic People's Republic of", 'KP'],
  ['Korea (North)', 'KP'],
  ['Virgin Islands (U.S.)', 'VI'],
  ['Slovakia (Slovak Republic)', 'SK'],
  ['Dominican Rep.', 'DO'],
  ['Reunion', 'RE'],
  ['Curacao', 'CW'],
])('the country "%s", as forms and picklists write it, is %s', (text, code) => {
  expect(countryCode(text)).toBe(code);
});

test.each(['N/A', 'Other', 'EMEA', 'Berlin, Germany', 'USA, Canada', 'UK & Ireland', 'Congo (the)'])(
  'the text "%s" is not guessed to be a country',
  (text) => expect(countryCode(text)).toBeNull(),
);

test.each(['European Union', 'EU', 'Atlantis', 'Congo', ''])('the text "%s" is not read as a country', (text) => {
  expect(countryCode(text)).toBeNull();
});

test('every ISO code and every English name that Intl has for it is read as its country', () => {
  const names = new Intl.DisplayNames(['en'], { type: 'region' });
  for (const code of Object.keys(getAlpha2Codes())) {
    expect([code, countryCode(code), countryCode(names.of(code) ?? '')]).toEqual([code, code, code]);
  }
});
