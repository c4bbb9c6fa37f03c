// The migration of results from before the slim form, on a database that ends with the migration before it.
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { initial } from '../../src/store/migrations/0001-initial/0001-initial.ts';
import { setAside } from '../../src/store/migrations/0002-set-aside.ts';
import { addresses } from '../../src/store/migrations/0003-addresses.ts';
import { reconciliation } from '../../src/store/migrations/0004-reconciliation.ts';
import { slimRows } from '../../src/store/migrations/0005-slim-rows.ts';
import { BACKEND, openDatabaseOf } from '../support/backends.ts';

test('results from before the slim form keep their lines with points, in order, each with its label', async () => {
  const { db: typed } = await openDatabaseOf((await BACKEND.createEmpty()).env);
  const db = typed.withoutPlugins();
  await sql`create schema leadgrade`.execute(db);
  for (const migration of [initial, setAside, addresses, reconciliation]) await migration.up(db);
  const line = (signal: string, points: number, label: string) => ({
    ...{ dimension: 'fit', signal, outcome: 'matched', exact: points + 0.25, points, label },
  });
  const lines = [line('title', 30, 'Executive "boss"'), line('size', 0, 'Size'), line('demo', -4, 'Asked')];
  await sql`insert into leadgrade.leads (created_at) values (now())`.execute(db);
  await sql`insert into leadgrade.models values ('m', 'model', '', now())`.execute(db);
  await sql`
    insert into leadgrade.results (lead_id, as_of, model_hash, cause, grade, coverage, fit_score, behavior_score, total, status,
      contributions, gates)
    select 1, now(), 'm', 'changed', 'A', 1, 1, 1, 2, 'hot', c::jsonb, '[]'
    from unnest(${[JSON.stringify(lines), '[]']}::text[]) c`.execute(db);
  await slimRows.up(db);
  const { rows } = await sql`select contributions, gates from leadgrade.results order by id`.execute(db);
  expect(rows).toEqual([
    {
      contributions: [
        ['title', 30, 30.25, 'Executive "boss"'],
        ['demo', -4, -3.75, 'Asked'],
      ],
      gates: [],
    },
    { contributions: [], gates: [] },
  ]);
});
