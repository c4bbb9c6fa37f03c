// A process of the open-database and migrate tests: opens the database of its environment, prints
// its role, migrates, then inserts counted rows until stdin ends. Arguments: the name in the rows;
// `uncommitted` to stay in a transaction.
import { once } from 'node:events';
import type { Kysely } from 'kysely';
import { migrateToLatest } from '../../../src/store/migrate.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import type { Tables } from '../../../src/store/tables/tables.ts';

const [name = 'unnamed', mode] = process.argv.slice(2);
const { db, ownsFolder, close } = await openDatabase({
  databaseUrl: process.env.DATABASE_URL,
  dataDir: process.env.DATA_DIR ?? '',
});
console.log(ownsFolder ? 'owner' : 'client');
const { applied } = await migrateToLatest(db);
console.log(`applied ${JSON.stringify(applied)}`);

async function count(connection: Kysely<Tables>, number: number): Promise<void> {
  const row = { key: `${name}:${number}`, tokens: number, refilled_at: new Date(0), blocked_until: null };
  await connection.insertInto('rate_buckets').values(row).execute();
}

if (mode === 'uncommitted') {
  await db.transaction().execute(async (transaction) => {
    await count(transaction, 1);
    console.log('inside');
    await once(process.stdin, 'end');
  });
}
process.stdin.resume();
let isRunning = true;
const ended = once(process.stdin, 'end').then(() => {
  isRunning = false;
});
for (let number = 1; isRunning; number++) {
  await count(db, number);
  console.log(`counted ${number}`);
}
await ended;
await close();
console.log('closed');
