// A process of the open-database and migrate tests: opens the database of its environment, says in what role, migrates, then
// counts rows into it until it is ended. Arguments: the name it counts under, and `uncommitted` to stay in a transaction.
import { once } from 'node:events';
import { sql } from 'kysely';
import { migrateToLatest } from '../../../src/store/migrate.ts';
import { openDatabase } from '../../../src/store/open-database.ts';

const [name = 'nobody', mode] = process.argv.slice(2);
const { db, ownsFolder, close } = await openDatabase({
  databaseUrl: process.env.DATABASE_URL,
  dataDir: process.env.DATA_DIR ?? '',
});
console.log(ownsFolder ? 'owner' : 'client');
const { applied } = await migrateToLatest(db);
console.log(`applied ${JSON.stringify(applied)}`);
await sql`create table if not exists leadgrade.counted (name text, number int, primary key (name, number))`.execute(db);

if (mode === 'uncommitted') {
  await db.transaction().execute(async (transaction) => {
    await sql`insert into leadgrade.counted values (${name}, 1)`.execute(transaction);
    console.log('inside');
    await once(process.stdin, 'end');
  });
}
process.stdin.resume();
let asked = true;
const ended = once(process.stdin, 'end').then(() => {
  asked = false;
});
for (let number = 1; asked; number++) {
  await sql`insert into leadgrade.counted values (${name}, ${number})`.execute(db);
  console.log(`counted ${number}`);
}
await ended;
await close();
console.log('closed');
