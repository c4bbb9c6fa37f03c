// Measures what the size of the database costs: the same work beside 1,000,000 and beside 100,000 leads. The CPU time of a
// night, every statement of the hot paths with its plan, the statements of an idle poll, and peak memory.
//   npm run bench:size -- --leads 1000000 --small 100000 --due 10000 --rounds 5 --json size.json
import { parseArgs } from 'node:util';
import { onServer, SHARED_POSTGRES } from '../test/support/servers.ts';
import { choices } from './measuring/choices.ts';
import { median } from './measuring/median.ts';
import { openReport } from './measuring/report.ts';
import { benchDatabases } from './nightly/databases.ts';
import { openMeter } from './nightly/measure.ts';
import { confirmWrites, scoreNight } from './nightly/product.ts';
import { FIRST } from './nightly/seed.ts';
import { emptySandbox, openSized, seedSized, setDecayed } from './size/large-database.ts';
import { explainEverything, explainNothing, type Statement, statementsOf } from './size/statements.ts';
import { prepareSteps, STEPS } from './size/steps.ts';

const { values } = parseArgs({
  options: {
    leads: { type: 'string', default: '1000000' },
    small: { type: 'string', default: '100000' },
    due: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
    // Of each lead.
    activities: { type: 'string', default: '3' },
    parts: { type: 'string', default: 'due,statements' },
    json: { type: 'string' },
    postgres: { type: 'string', default: SHARED_POSTGRES },
  },
});
const DAY_MS = 86_400_000;
/** A larger table must not be read from its beginning to its end. */
const SMALL_TABLE_ROWS = 1_000;
/**
 * Pages that a statement may read more at the larger size: an index is a level deeper, and a table that was small enough to be
 * read as a whole is read by an index.
 */
const MORE_PAGES = { factor: 3, above: 1_000 };
/** A scan that reads no more than so at the larger size ends early: its statement has a limit. */
const SAME_PAGES = 1.2;
const parts = choices('--parts', values.parts, ['due', 'statements']);
const sizes = [Number(values.small), Number(values.leads)] as const;

const report = await openReport('size', values.json, values.postgres);
const databases = benchDatabases(values.postgres);
const sandbox = await emptySandbox();
try {
  const urls: string[] = [];
  for (const leads of sizes) {
    const url = await databases.create(`size_${leads}`);
    const started = performance.now();
    await seedSized(url, sandbox, { leads, activities: Number(values.activities) });
    console.log(`${count(leads)} leads made in ${Math.round((performance.now() - started) / 1_000)} s`);
    urls.push(url);
  }
  const statements = parts.includes('statements') ? await measureStatements(urls) : null;
  const night = parts.includes('due') ? await measureNights(urls) : null;
  const peakMb = process.resourceUsage().maxRSS / 1_024;
  console.log(`\npeak memory ${Math.round(peakMb)} MB`);
  await report.save({
    figures: [
      ...(night === null
        ? []
        : [
            { name: 'night beside the smaller size: CPU', value: night.ratio, unit: 'x', kind: 'ratio' as const },
            { name: 'night: CPU a lead', value: night.cpu, unit: 'µs', kind: 'cpu' as const },
          ]),
      ...(statements === null
        ? []
        : [
            { name: 'idle poll: slowest statement', value: statements.idlePollMs, unit: 'ms', kind: 'wall' as const },
            { name: 'statements', value: statements.count, unit: '', kind: 'count' as const },
            { name: 'statements that read a whole table', value: statements.scans, unit: '', kind: 'count' as const },
            { name: 'statements that grow', value: statements.growing, unit: '', kind: 'count' as const },
          ]),
      { name: 'peak memory', value: peakMb, unit: 'MB', kind: 'count' },
    ],
    details: { values, night, statements },
  });
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await sandbox.close();
  await databases.deleteAll();
}

/** Nights with the same number of due leads at both sizes, in turn. */
async function measureNights(urls: readonly string[]) {
  const due = Number(values.due);
  const costs: number[][] = [[], []];
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const [index, url] of urls.entries()) {
      const sized = await openSized(url, sandbox, sizes[index] ?? 0);
      const night = new Date(FIRST.getTime() + (round + 1) * 20 * DAY_MS);
      sized.setTime(night);
      const meter = await openMeter(url);
      await setDecayed(sized, due, night);
      // New connections have read the catalog before, as those of a service.
      await scoreNight({ ...sized.context, clock: { now: () => FIRST } });
      await meter.vacuum();
      const usage = await meter.measure(() => scoreNight(sized.context));
      await confirmWrites(sized.context);
      await meter.close();
      await sized.close();
      // The first round compiles the code.
      if (round > 0) costs[index]?.push(((usage.nodeMs + (usage.postgresMs ?? Number.NaN)) * 1_000) / due);
    }
  }
  const [small = [], large = []] = costs;
  const ratio = median(large.map((cost, round) => cost / (small[round] ?? Number.NaN)));
  console.log(
    `${count(due)} due of ${count(sizes[1])}: ${Math.round(median(large))} µs of CPU a lead; of ${count(sizes[0])}: ` +
      `${Math.round(median(small))} µs; ${ratio.toFixed(2)}x`,
  );
  return { ratio, cpu: median(large), costs };
}

interface Judged extends Omit<Statement, 'scanned'> {
  readonly step: string;
  readonly pagesAtSmallerSize: number | null;
  readonly scanned: readonly string[];
  readonly grows: boolean;
}

async function measureStatements(urls: readonly string[]) {
  const found: (readonly { step: string; statement: Statement }[])[] = [];
  const large: string[] = [];
  for (const [index, url] of urls.entries()) {
    await explainEverything(url);
    const sized = await openSized(url, sandbox, sizes[index] ?? 0);
    // On the day of the first scoring: no night is due.
    sized.setTime(new Date(FIRST.getTime() + 3_600_000));
    // What a first poll does once.
    await sized.run('poll');
    await prepareSteps(sized);
    await onServer(url, 'vacuum analyze');
    const each: { step: string; statement: Statement }[] = [];
    for (const [step, run] of Object.entries(STEPS)) {
      for (const statement of await statementsOf(() => run(sized))) each.push({ step, statement });
    }
    found.push(each);
    if (index === 1) large.push(...(await largeTables(url)));
    await sized.close();
    await explainNothing(url);
  }
  const [before = [], after = []] = found;
  const judged = after.map(({ step, statement }) => judge(step, statement, before, large));
  const idle = judged.filter(({ step }) => step === 'idle poll').toSorted((a, b) => b.maxMs - a.maxMs);
  const problems = judged.filter(({ scanned, grows }) => scanned.length > 0 || grows);
  console.log(`\n${judged.length} statements; idle poll: ${idle.length}, slowest ${idle[0]?.maxMs} ms`);
  for (const { step, text, maxMs, maxPages, pagesAtSmallerSize, scanned } of problems) {
    const pages = `${count(maxPages)} pages, ${pagesAtSmallerSize === null ? 'not run' : count(pagesAtSmallerSize)} at the smaller size`;
    console.log(`- ${step}: ${pages}, ${maxMs} ms${scanned.length > 0 ? `, reads all of ${scanned.join(', ')}` : ''}`);
    console.log(`    ${text.slice(0, 300)}`);
  }
  if (problems.length > 0) process.exitCode = 1;
  return {
    count: judged.length,
    idlePollMs: idle[0]?.maxMs ?? Number.NaN,
    scans: judged.filter(({ scanned }) => scanned.length > 0).length,
    growing: judged.filter(({ grows }) => grows).length,
    judged,
  };
}

function judge(
  step: string,
  statement: Statement,
  before: readonly { step: string; statement: Statement }[],
  large: readonly string[],
): Judged {
  const smaller = before.find((each) => each.step === step && each.statement.text === statement.text);
  const pagesAtSmallerSize = smaller?.statement.maxPages ?? null;
  const grows =
    statement.maxPages > MORE_PAGES.above &&
    statement.maxPages > (pagesAtSmallerSize ?? Number.POSITIVE_INFINITY) * MORE_PAGES.factor;
  const isLimited = statement.maxPages <= Math.max(MORE_PAGES.above, (pagesAtSmallerSize ?? 0) * SAME_PAGES);
  const scanned = !isLimited ? [...statement.scanned].filter((table) => large.includes(table)) : [];
  return { ...statement, step, pagesAtSmallerSize, scanned, grows };
}

async function largeTables(url: string): Promise<readonly string[]> {
  const meter = await openMeter(url);
  const names = await meter.names(`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'leadgrade' and c.relkind = 'r' and c.reltuples > ${SMALL_TABLE_ROWS}`);
  await meter.close();
  return names;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
