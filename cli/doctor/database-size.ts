// The size of the database: of all tables, of each lead, and of the largest tables.
import type { JobContext } from '../../jobs/context.ts';
import { leadCount, tableSizes } from '../../src/store/retention/table-sizes.ts';
import type { Finding } from './finding.ts';

/** Smaller tables are summed. */
const LISTED = 5;

export async function databaseSizeFinding({ db }: Pick<JobContext, 'db'>): Promise<Finding> {
  const sizes = await tableSizes(db);
  const leads = await leadCount(db);
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  const largest = sizes.slice(0, LISTED).map(({ table, bytes }) => `${table} ${megabytes(bytes)}`);
  const perLead = leads === 0 ? '' : `, ${(total / leads / 1_000).toFixed(1)} kB a lead`;
  const detail = `${megabytes(total)}${perLead}: ${largest.join(', ')}`;
  return { part: 'leadgrade', what: 'size', level: 'ok', detail };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
