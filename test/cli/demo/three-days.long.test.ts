// The demo's own three days, in both CRMs, with two live models and a shadow.
import { PassThrough } from 'node:stream';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { playThreeDays, withDemo } from '../../../cli/demo/demo.ts';
import { isExplanationConsistent, isScored } from '../../../cli/demo/display-record.ts';
import { compareShadows, readFigures } from '../../../cli/demo/models.ts';
import type { JobContext } from '../../../jobs/context.ts';
import { type ReplayedResult, replayAll } from '../replay/replay-all.ts';

type Db = JobContext['db'];

const io = {
  stdin: new PassThrough(),
  stdout: new PassThrough().resume(),
  stderr: new PassThrough().resume(),
  env: {},
  clock: { now: () => new Date() },
  setExitCode: () => undefined,
};

/** The worker reads and scores at the same time: what was saved within this time of a scoring may be part of it or not. */
const SAVING_MS = 2_000;

/** Whether data of the lead was saved at about the instant of the result. */
async function wasSaving(db: Db, { lead, asOf }: ReplayedResult): Promise<boolean> {
  const [from, to] = [-SAVING_MS, SAVING_MS].map((ms) => new Date(asOf.getTime() + ms));
  const { rows } = await sql`
    select from leadgrade.activities where lead_id = ${lead} and seen_at between ${from} and ${to}
    union all
    select from leadgrade.field_values v
    join leadgrade.records r on r.crm = v.crm and r.object = v.object and r.id = v.record_id
    where r.lead_id = ${lead} and v.seen_at between ${from} and ${to}`.execute(db);
  return rows.length > 0;
}

test('every result of the three days of the demo is replayed with the same scores, status, grade and lines, and the fields of each live model add up', async () => {
  await withDemo(io, { contacts: 250, seed: 1 }, async (environment) => {
    await playThreeDays(io, environment, 1);
    const { results, refused } = await replayAll(environment.product.context);
    expect(refused).toEqual([]);
    for (const key of [null, 'expansion', 'next']) {
      expect(results.filter(({ model }) => model === key).length).toBeGreaterThan(5);
    }
    const different = results.filter(({ stored, replayed }) => JSON.stringify(stored) !== JSON.stringify(replayed));
    const { db } = environment.product.context;
    const inRest: typeof different = [];
    for (const each of different) if (!(await wasSaving(db, each))) inRest.push(each);
    expect(inRest).toEqual([]);
    expect(different.length).toBeLessThan(4);

    const figures = await readFigures(environment);
    expect(figures.map(({ model }) => model.role)).toEqual(['live', 'live', 'shadow']);
    const [newBusiness, expansion, next] = figures.map(({ contacts, both, leads }) => {
      const scored = contacts.filter(isScored);
      expect(scored.filter((contact) => !isExplanationConsistent(contact))).toEqual([]);
      const differ = both.filter(({ hubspot, salesforce }) => hubspot.explanation !== salesforce.explanation);
      expect(differ).toEqual([]);
      return { leads, contacts: new Set(scored.map(({ id }) => id)) };
    });
    expect(expansion?.contacts.size).toBeGreaterThan(3);
    expect([...(newBusiness?.contacts ?? [])].filter((id) => expansion?.contacts.has(id))).toEqual([]);
    expect((newBusiness?.contacts.size ?? 0) + (expansion?.contacts.size ?? 0)).toBe(250);
    expect(next).toEqual({ leads: newBusiness?.leads, contacts: new Set() });
    const [shadow] = await compareShadows(environment);
    expect(shadow?.comparison).toMatchObject({ leads: newBusiness?.leads, only: [0, 0] });
    expect(shadow?.comparison.moved).toBeGreaterThan(0);
  });
});
