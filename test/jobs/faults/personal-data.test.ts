// What a CRM says about a person in an error goes to the error list and nowhere else: not to the log, to readiness, to metrics, to
// what doctor prints, or to the rows of pauses and streams that these are made of.
import { expect, test } from 'vitest';
import { leadgradeHere } from '../../cli/run-command.ts';
import { patient } from '../../support/patience.ts';
import { openTestProduct } from '../../support/product.ts';
import type { RunningProduct } from '../../support/running-product.ts';
import { openSalesforceProduct } from '../../support/salesforce-product.ts';
import { METRICS_TOKEN, startTestServer } from '../../web/test-server.ts';

/** Planted in every text of an answer; nothing else in a test contains it. */
const CANARY = 'Zebulon Quastenflosser, +49 170 5550199';
const PLANTED = /Zebulon|Quastenflosser|5550199/;

const HUBSPOT_BODY = {
  status: 'error',
  message: `Property values were not valid: ${CANARY} is not an option`,
  category: CANARY,
  subCategory: CANARY,
  errorType: CANARY,
  policyName: CANARY,
  correlationId: CANARY,
  errors: [
    { message: CANARY, code: CANARY, category: CANARY, context: { requiredGranularScopes: [CANARY], id: [CANARY] } },
  ],
  validationResults: [{ error: CANARY, name: CANARY }],
};
const SALESFORCE_BODY = [{ errorCode: CANARY, message: `duplicate value found: ${CANARY}`, fields: [CANARY] }];

const answers = (body: unknown) => [
  ...[400, 401, 403, 404, 503].map((status) => ({ status, body })),
  { status: 200, body: CANARY },
  { status: 200, body: { message: CANARY, results: [{ id: { name: CANARY } }] } },
  {
    status: 207,
    body: { status: 'COMPLETE', results: [], errors: [{ message: CANARY, category: CANARY, context: {} }] },
  },
  { status: 502, body: `<html><body>${CANARY}</body></html>` },
];

/** Statuses after which a call is tried again for minutes: `doctor`, a process of its own, would wait as long. */
const RETRIED: ReadonlySet<number> = new Set([502, 503]);

async function everythingSaid({ context, lines, env }: RunningProduct, status: number): Promise<string> {
  const server = await startTestServer({ db: context.db, now: () => context.clock.now() });
  const ready = await fetch(`${server.url}/readyz`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
  const doctor = RETRIED.has(status) ? { stdout: '', stderr: '' } : await leadgradeHere(['doctor'], { env });
  const rows = [
    await context.db.selectFrom('crm_pauses').selectAll().execute(),
    await context.db.selectFrom('streams').selectAll().execute(),
    await context.db.selectFrom('runs').selectAll().execute(),
  ];
  return [lines, await ready.text(), await server.metrics(), doctor.stdout, doctor.stderr, rows]
    .map((said) => (typeof said === 'string' ? said : JSON.stringify(said)))
    .join('\n');
}

const TEN_MINUTES_MS = 600_000;

test(
  'a person whom HubSpot quotes in any error is not in the log, in readiness, in metrics or in what doctor prints',
  async () => {
    const product = await openTestProduct({ people: 1 });
    await product.backfill();
    for (const action of answers(HUBSPOT_BODY)) {
      for (const path of ['batch/update', '']) {
        await product.faults({ match: { path }, action });
        for (const { id } of await product.contacts()) {
          const jobtitle = `VP ${product.clock.now().getTime()}`;
          await product.control('PATCH', `contacts/${id}`, { properties: { jobtitle, leadgrade_status: '' } });
        }
        product.advanceClock(TEN_MINUTES_MS);
        await product.poll();
      }
      expect(await everythingSaid(product, action.status)).not.toMatch(PLANTED);
    }
    expect(product.lines.length).toBeGreaterThan(5);
  },
  patient(300_000),
);

test(
  'a person whom Salesforce quotes in any error is not in the log, in readiness, in metrics or in what doctor prints',
  async () => {
    const product = await openSalesforceProduct();
    await product.backfill();
    for (const action of answers(SALESFORCE_BODY)) {
      for (const path of ['composite', '']) {
        await product.faults({ match: { path }, action });
        product.advanceClock(TEN_MINUTES_MS);
        await product.poll();
      }
      expect(await everythingSaid(product, action.status)).not.toMatch(PLANTED);
    }
    expect(product.lines.length).toBeGreaterThan(5);
  },
  patient(300_000),
);
