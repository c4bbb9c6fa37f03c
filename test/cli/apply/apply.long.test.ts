// Processes around `leadgrade apply`: what the first start says, a running service that follows, and an apply that is
// killed before and after its commit.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BACKEND } from '../../support/backends.ts';
import { patient } from '../../support/patience.ts';
import { startNode } from '../../support/processes.ts';
import { openServiceEnvironment, SOON } from '../../support/service-environment.ts';
import { testFolder } from '../../support/test-folder.ts';
import { MAIN } from '../run-command.ts';

const CRASH_POINT = new URL('../../jobs/runs/processes/crash-point.ts', import.meta.url).href;
const SHIPPED = await readFile(new URL('../../../mappings/model.yaml', import.meta.url), 'utf8');
const CHANGED = SHIPPED.replace('points: 30, label: Executive', 'points: 29, label: Executive');

async function open() {
  const file = join(await testFolder(), 'model.yaml');
  await writeFile(file, SHIPPED);
  const { env } = await BACKEND.create();
  const settings = { MODEL_FILE: file, POLL_SECONDS: '5' };
  const environment = await openServiceEnvironment({ env, settings, contacts: 10, webhooks: false });
  const id = environment.leads[0]?.id ?? '';
  await environment.control('PATCH', `contacts/${id}`, { properties: { jobtitle: 'VP Sales' } });
  const models = () =>
    environment.query<{ cause: string; name: string }>(
      "select cause, models -> 0 ->> 'name' as name from leadgrade.applied_models order by id",
    );
  /** Runs `apply --yes`, and kills it when its database client reaches a statement. */
  const killedApply = (statement: string, when: string) =>
    startNode(MAIN, ['apply', '--yes'], {
      ...env,
      ...settings,
      HUBSPOT_API_URL: environment.sandbox.url,
      HUBSPOT_ACCESS_TOKEN: environment.sandbox.accessToken,
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${CRASH_POINT}`,
      ...{ CRASH_STATEMENT: statement, CRASH_WHEN: when },
    });
  return { ...environment, file, id, models, killedApply };
}

test(
  'the first start applies the model file, a changed file changes nothing but a warning at the next start, and a running service follows apply',
  async () => {
    const { file, id, models, serve, run, explanation } = await open();
    const first = await serve();
    await first.line(/no model was applied yet; the model file is applied/);
    await expect.poll(() => explanation(id), SOON).toContain('+30 Executive');
    expect(await models()).toMatchObject([{ cause: 'first start' }]);
    await first.kill();

    await writeFile(file, CHANGED);
    const second = await serve();
    await second.line(/model\.yaml is not applied: leads are scored with the applied model.*points 30 → 29/);
    const recompute = run('recompute');
    expect(await recompute.ended, recompute.output()).toBe(0);
    expect(recompute.output()).toMatch(/warning: .*model\.yaml is not applied: .*Run npx leadgrade plan/);
    expect(await explanation(id)).toContain('+30 Executive');

    const apply = run('apply', '--yes', '--by', 'Anna');
    expect(await apply.ended, apply.output()).toBe(0);
    expect(apply.output()).toContain('it needs no restart');
    await expect.poll(() => explanation(id), SOON).toContain('+29 Executive');
    expect(second.output()).toContain('another model was applied; leads are scored with it from now on');
    expect(await models()).toMatchObject([{ cause: 'first start' }, { cause: 'apply' }]);
  },
  patient(240_000),
);

test.each([
  ['before its commit', 'after', 1, '+30 Executive'],
  ['after its commit', 'committed', 2, '+29 Executive'],
] as const)(
  'an apply that is killed %s has applied nothing or everything, and the next start goes on from there',
  async (_, when, rows, reason) => {
    const { file, id, models, serve, run, killedApply, explanation } = await open();
    const backfill = run('backfill');
    expect([0, 1], backfill.output()).toContain(await backfill.ended);
    expect(backfill.output()).toMatch(
      /No model was applied before: .*model\.yaml \(b2b-saas@\S+, [0-9a-f]{8}\) is applied now\./,
    );
    expect(await explanation(id)).toContain('+30 Executive');
    await writeFile(file, CHANGED);
    const killed = killedApply('insert into leadgrade.applied_models', when);
    expect(await killed.ended, killed.output()).toBe('SIGKILL');
    expect(await models()).toHaveLength(rows);

    const service = await serve();
    await service.line(rows === 1 ? /model\.yaml is not applied/ : /this goes on now/);
    await expect.poll(() => explanation(id), SOON).toContain(reason);
    await service.kill();
  },
  patient(240_000),
);
