// What the next scoring of a lead takes over from its last result, by whichever version of the model it is.
import { expect, test } from 'vitest';
import { onlyModel } from '../../../jobs/context.ts';
import { addModels, knownModels } from '../../../jobs/score/earlier-models.ts';
import { scoringContext } from '../../../jobs/score/thresholds/moving-bands.ts';
import { modelOf } from '../../scoring/build.ts';

const textOf = (basis: string) => `
name: m
version: "1"
status: { basis: ${basis}, bands: [{ id: hot, at_least: { capacity: 5 per week, floor: 20 } }, { id: cold }] }
`;
const model = onlyModel({ compiled: modelOf(textOf('total')), hash: 'now', text: textOf('total') });
addModels(
  new Map([
    ['same basis', textOf('total')],
    ['other basis', textOf('fit')],
    ['not a model', 'name: m'],
  ]),
);
const thresholds = new Map([['now', { points: { hot: 50 }, first: { hot: 40 } }]]);
const last = { fit_score: 10, behavior_score: 20, status: 'hot', thresholds: { hot: 30 } };

test.each([
  ['this version', 'now', false, { thresholds: { hot: 30 }, isByOtherModel: false }],
  ['another version', 'same basis', false, { thresholds: { hot: 30 }, isByOtherModel: true }],
  ['another version that equals this one', 'same basis', true, { thresholds: { hot: 30 }, isByOtherModel: false }],
  ['one whose bands compare another score', 'other basis', true, { thresholds: null, isByOtherModel: false }],
  ['one that cannot be read', 'not a model', false, { thresholds: null, isByOtherModel: true }],
])(
  'a last result of %s holds a lead by its thresholds, if they are of the same score',
  (_what, hash, isCurrent, held) => {
    const before = { thresholds, earlierModels: knownModels, isCurrent };
    expect(scoringContext(model, { ...last, model_hash: hash }, before)).toEqual({
      ...{ previousStatus: 'hot', thresholds: { hot: 50 }, firstThresholds: { hot: 40 } },
      earlier: { fit: 10, behavior: 20, ...held },
    });
  },
);

test('a band without a threshold is pending, also for a lead without a result', () => {
  const before = { thresholds: new Map(), earlierModels: knownModels, isCurrent: false };
  expect(scoringContext(model, null, before)).toEqual({ thresholds: {}, firstThresholds: {}, pending: ['hot'] });
});
