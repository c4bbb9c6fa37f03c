import { readExplanation } from '../explanation';

const WHOLE = [
  '52 = fit 40 (B) + behavior 12, as of 22 Nov 2026',
  '+25 Director or head of (Job title)',
  '-3 Opened an email (2 times, last on 20 Nov 2026)',
  'Grade at best D: Student or intern',
  'Held at Warm - MQL: Budget unknown. Would be lifted by contact.budget',
  'Falls to Cold on 3 Dec 2026 without further activity',
  'Would reach Hot with one more: Requested a demo',
].join('\n');

test('an explanation is parsed into reasons, limits and expected changes', () => {
  expect(readExplanation(WHOLE)).toEqual({
    reasons: [
      { points: 25, text: 'Director or head of (Job title)' },
      { points: -3, text: 'Opened an email (2 times, last on 20 Nov 2026)' },
    ],
    held: [
      'Grade at best D: Student or intern',
      'Held at Warm - MQL: Budget unknown. Would be lifted by contact.budget',
    ],
    next: ['Falls to Cold on 3 Dec 2026 without further activity', 'Would reach Hot with one more: Requested a demo'],
  });
});

test('an explanation with Windows line breaks is parsed to the same parts', () => {
  expect(readExplanation(WHOLE.replaceAll('\n', '\r\n'))).toEqual(readExplanation(WHOLE));
});

test('the line of a negative total is not parsed as a reason', () => {
  const { reasons, held } = readExplanation('Total -5 = fit -15 (F) + behavior 10, as of 22 Nov 2026\n-15 Too small');
  expect(reasons).toEqual([{ points: -15, text: 'Too small' }]);
  expect(held).toEqual([]);
});

test('the last line of a shortened explanation, which sums up the other reasons, is parsed as a reason', () => {
  expect(readExplanation('+25 Director\n-3 from 4 smaller reasons').reasons).toEqual([
    { points: 25, text: 'Director' },
    { points: -3, text: 'from 4 smaller reasons' },
  ]);
  expect(readExplanation('+22 from 5 reasons').reasons).toEqual([{ points: 22, text: 'from 5 reasons' }]);
});

test('a line of an unknown form is shown with the limits', () => {
  expect(readExplanation('Something new\n+5 Webinar\nSomething else').held).toEqual([
    'Something new',
    'Something else',
  ]);
});

test.each([null, undefined, '', '\n \n'])('an empty explanation has no parts (%p)', (text) => {
  expect(readExplanation(text)).toEqual({ reasons: [], held: [], next: [] });
});
