// The size of the database, read when the metrics are collected.
import type { Kysely } from 'kysely';
import { Gauge, type Registry } from 'prom-client';
import { withTimeout } from '../../src/runtime/with-timeout.ts';
import { leadCount, tableSizes } from '../../src/store/retention/table-sizes.ts';
import type { Tables } from '../../src/store/tables/tables.ts';

/** `leadgrade_table_bytes` and `leadgrade_leads`. */
export function registerSizeGauges(
  registry: Registry,
  { db, timeoutMs }: { readonly db: Kysely<Tables>; readonly timeoutMs: number },
): void {
  const registers = [registry];
  new Gauge({
    name: 'leadgrade_table_bytes',
    help: 'Bytes of each table with its indexes.',
    labelNames: ['table'],
    registers,
    async collect() {
      this.reset();
      const sizes = await withTimeout(timeoutMs, () => tableSizes(db)).catch(() => []);
      for (const { table, bytes } of sizes) this.set({ table }, bytes);
    },
  });
  new Gauge({
    name: 'leadgrade_leads',
    help: 'Number of leads; an estimate above 10,000.',
    registers,
    async collect() {
      const leads = await withTimeout(timeoutMs, () => leadCount(db)).catch(() => null);
      if (leads === null) this.remove();
      else this.set(leads);
    },
  });
}
