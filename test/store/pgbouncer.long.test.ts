// The product behind a PgBouncer in transaction mode: each transaction, and each statement outside of one, may get another
// session of the server.
import { expect, test } from 'vitest';
import { poolerFindings } from '../../cli/doctor/pooler.ts';
import { endWithTest } from '../../sandbox/test/end-with-test.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { describeOnPgBouncer, POSTGRES } from '../support/backends.ts';
import { openTestProduct } from '../support/product.ts';
import { ownPgBouncer } from '../support/servers.ts';

describeOnPgBouncer('behind a PgBouncer in transaction mode', () => {
  async function openBouncer() {
    const { env } = await POSTGRES.createEmpty();
    const direct = env.DATABASE_URL ?? '';
    const bouncer = await ownPgBouncer(direct);
    endWithTest(bouncer.stop);
    return { env, direct, url: bouncer.url };
  }

  test('an empty database is migrated, and all contacts are read, scored and written over three connections', async () => {
    const { env, direct, url } = await openBouncer();
    const settings = { DATABASE_URL: url, DATABASE_SESSION_URL: direct };
    const product = await openTestProduct({ env, settings, people: 40, queue: true });
    expect(await product.backfill()).toMatchObject({ state: 'done' });
    const contacts = await product.contacts();
    const scored = contacts.filter(({ properties }) => properties.leadgrade_status !== undefined);
    expect(scored.length).toBeGreaterThan(20);
    expect(await poolerFindings(product.product.database)).toMatchObject([
      { level: 'ok', detail: 'statements end after 45s' },
    ]);
  });

  test('a start without DATABASE_SESSION_URL says that it is missing', async () => {
    const { env, url } = await openBouncer();
    const { db, close } = await openDatabase({ databaseUrl: url, dataDir: env.DATA_DIR });
    endWithTest(close);
    await expect(db.selectFrom('leads').select('id').execute()).rejects.toThrow(/DATABASE_SESSION_URL/);
  });
});
