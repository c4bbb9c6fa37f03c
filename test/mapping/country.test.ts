// Country names and codes as people write them.
import { getAlpha2Codes } from 'i18n-iso-countries';
import { expect, test } from 'vitest';
import { countryCode } from '../../src/mapping/country.ts';

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

test.each(['European Union', 'EU', 'Atlantis', 'Congo', ''])('the text "%s" is not read as a country', (text) => {
  expect(countryCode(text)).toBeNull();
});

test('every ISO code and every English name that Intl has for it is read as its country', () => {
  const names = new Intl.DisplayNames(['en'], { type: 'region' });
  for (const code of Object.keys(getAlpha2Codes())) {
    expect([code, countryCode(code), countryCode(names.of(code) ?? '')]).toEqual([code, code, code]);
  }
});
