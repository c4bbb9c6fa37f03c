// What a piece of work costs: CPU time of this process and of its Postgres backends, statements, bytes.
import { readFile } from 'node:fs/promises';
import pg from 'pg';

export interface Usage {
  /** CPU time of this process, in ms. */
  readonly nodeMs: number;
  /** CPU time of the backends of this database, in ms; null = the server runs elsewhere. */
  readonly postgresMs: number | null;
  readonly seconds: number;
  readonly statements: number;
  /** Write-ahead log of the whole server. */
  readonly walBytes: number;
}

/** /proc counts CPU time in hundredths of a second, on every Linux. */
const UNIT_MS = 10;

let statements = 0;
const { query } = pg.Client.prototype;
pg.Client.prototype.query = function counted(this: pg.Client, ...args: Parameters<typeof query>) {
  statements++;
  return query.apply(this, args);
} as typeof query;

export interface Meter {
  measure(work: () => Promise<unknown>): Promise<Usage>;
  /** Before a measurement: the work of the autovacuum would fall into it by chance. */
  vacuum(): Promise<void>;
  /** Bytes of each table with its indexes. */
  tables(): Promise<Readonly<Record<string, number>>>;
  value(text: string): Promise<number>;
  /** The column `name` of all rows. */
  names(text: string): Promise<readonly string[]>;
  run(text: string): Promise<void>;
  close(): Promise<void>;
}

export async function openMeter(databaseUrl: string): Promise<Meter> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const value = async (text: string) => {
    const { rows } = await client.query<{ value: string }>(text);
    return Number(rows[0]?.value ?? 0);
  };
  const snapshot = async () => {
    const wal = await value("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as value");
    const { rows } = await client.query<{ pid: number }>(
      'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    const cpu = new Map(await Promise.all(rows.map(async ({ pid }) => [pid, await cpuMs(pid)] as const)));
    return { wal, cpu };
  };
  return {
    value,
    measure: async (work) => {
      const before = await snapshot();
      const startStatements = statements;
      const start = performance.now();
      const cpu = process.cpuUsage();
      await work();
      const { user, system } = process.cpuUsage(cpu);
      const seconds = (performance.now() - start) / 1_000;
      const counted = statements - startStatements;
      const after = await snapshot();
      const each = [...after.cpu].map(([pid, ms]) => (ms === null ? null : ms - (before.cpu.get(pid) ?? 0)));
      return {
        nodeMs: (user + system) / 1_000,
        postgresMs: each.some((ms) => ms === null) ? null : each.reduce<number>((sum, ms) => sum + (ms ?? 0), 0),
        seconds,
        statements: counted,
        walBytes: after.wal - before.wal,
      };
    },
    vacuum: async () => {
      await client.query('vacuum analyze');
      await client.query('checkpoint');
    },
    tables: async () => {
      const { rows } = await client.query<{ name: string; bytes: string }>(`
        select n.nspname || '.' || relname as name, pg_total_relation_size(c.oid) as bytes from pg_class c
        join pg_namespace n on n.oid = relnamespace where nspname in ('leadgrade', 'floor') and relkind = 'r'
        order by 2 desc`);
      return Object.fromEntries(rows.map(({ name, bytes }) => [name, Number(bytes)]));
    },
    names: async (text) => {
      const { rows } = await client.query<{ name: string }>(text);
      return rows.map(({ name }) => name);
    },
    run: async (text) => {
      await client.query(text);
    },
    close: () => client.end(),
  };
}

async function cpuMs(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null || !stat.includes('(postgres)')) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * UNIT_MS;
}
