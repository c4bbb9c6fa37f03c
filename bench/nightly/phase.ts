// One process of the benchmark: the product, or the floor, over a copy of the seeded database. Prints JSON.
import { once } from 'node:events';
import { openFloor } from './floor.ts';
import { type Meter, openMeter, type Usage } from './measure.ts';
import { FIRST } from './seed.ts';

export interface PhaseOptions {
  readonly kind: 'product' | 'floor';
  readonly databaseUrl: string;
  readonly leads: number;
  /** Leads behind these that warm each process up before the measurement. */
  readonly warmUp: number;
  /** Processes that score at a time. */
  readonly workers: number;
  /** Share of the leads that are due in the night. */
  readonly due: number;
  /** Average bytes of an outbox row of the product. */
  readonly patchBytes: number;
}

export interface PhaseReport {
  readonly first: Usage;
  readonly confirm: Usage | null;
  readonly night: Usage;
  readonly due: number;
  readonly newResults: number;
  readonly patchBytes: number;
  readonly resultBytes: number;
  readonly peakMb: number;
  readonly tables: Readonly<Record<string, number>>;
}

/** The night is this long after the first scoring, so that nearly all results differ. */
const NIGHT = new Date(FIRST.getTime() + 14 * 86_400_000);

/**
 * Sets `next_change_at` of the leads from `from` to `to`, so that the share `due` of them, scattered over all, is due in the
 * night.
 */
function setDueText(
  table: string,
  id: string,
  { share, from, to }: { share: number; from: number; to: number },
): string {
  const night = `'${NIGHT.toISOString()}'::timestamptz`;
  return `update ${table} set next_change_at = case when ${id} * 7919 % 100000 < ${share * 100_000}
      then ${night} - interval '1 hour' else ${night} + interval '1 year' end
    where next_change_at is not null and ${id} between ${from} and ${to}`;
}

async function productPhase(options: PhaseOptions, meter: Meter): Promise<PhaseReport> {
  const { databaseUrl, leads, warmUp, due, workers } = options;
  // Loaded here: the process of the floor has the memory of the floor only.
  const { confirmWrites, markNight, openBenchProduct, scoreDue, scoreNight } = await import('./product.ts');
  const { startOtherWorkers } = await import('./other-workers.ts');
  const product = await openBenchProduct(databaseUrl, FIRST);
  const { context } = product;
  const others = await startOtherWorkers(context, databaseUrl, workers - 1);
  const measure = async (now: Date, score: typeof scoreDue): Promise<Usage> => {
    let byOthers = { nodeMs: 0, statements: 0 };
    const own = await meter.measure(async () => {
      byOthers = await others.score(now, score);
    });
    return { ...own, nodeMs: own.nodeMs + byOthers.nodeMs, statements: own.statements + byOthers.statements };
  };
  const setDue = (share: number, from: number, to: number) =>
    meter.run(setDueText('leadgrade.leads', 'id', { share, from, to }));
  const markFirst = (from: number, to: number) =>
    meter.run(`update leadgrade.leads set due_at = '${FIRST.toISOString()}' where id between ${from} and ${to}`);
  // Each worker compiles its code, with leads of its own.
  for (const now of [FIRST, NIGHT]) {
    product.setTime(now);
    for (let worker = 0; worker < workers; worker++) {
      const part = [leads + worker * warmUp + 1, leads + (worker + 1) * warmUp] as const;
      if (now === FIRST) await markFirst(...part);
      else await setDue(1, ...part);
      if (now === NIGHT) await markNight(context);
      if (worker === 0) await scoreDue(context);
      else await others.scoreAlone(worker - 1, now);
    }
    await confirmWrites(context);
  }
  product.setTime(FIRST);
  await markFirst(1, leads);
  await meter.vacuum();
  const first = await measure(FIRST, scoreDue);
  const patchBytes = await meter.value('select avg(octet_length(patch::text)) as value from leadgrade.outbox');
  await meter.vacuum();
  const confirm = await meter.measure(() => confirmWrites(context));
  await setDue(due, 1, leads);
  product.setTime(NIGHT);
  await meter.vacuum();
  const before = await meter.value('select count(*) as value from leadgrade.results');
  const night = await measure(NIGHT, scoreNight);
  const newResults = (await meter.value('select count(*) as value from leadgrade.results')) - before;
  const dueLeads = await meter.value(
    `select count(*) as value from leadgrade.leads where scored_at = '${NIGHT.toISOString()}' and id <= ${leads}`,
  );
  const resultBytes = await meter.value('select avg(pg_column_size(r)) as value from leadgrade.results r');
  await others.close();
  await product.close();
  return { first, confirm, night, due: dueLeads, newResults, patchBytes, resultBytes, ...(await common(meter)) };
}

async function floorPhase(options: PhaseOptions, meter: Meter): Promise<PhaseReport> {
  const { databaseUrl, leads, warmUp, due, patchBytes } = options;
  const floor = await openFloor(databaseUrl, patchBytes);
  const setDue = (share: number, from: number, to: number) =>
    meter.run(setDueText('floor.state', 'lead_id', { share, from, to }));
  await floor.first(leads + 1, leads + warmUp);
  await setDue(1, leads + 1, leads + warmUp);
  await floor.night(NIGHT);
  await meter.vacuum();
  const first = await meter.measure(() => floor.first(1, leads));
  await floor.run('truncate floor.outbox');
  await setDue(due, 1, leads);
  await meter.vacuum();
  const before = await meter.value('select count(*) as value from floor.results');
  const night = await meter.measure(() => floor.night(NIGHT));
  const newResults = (await meter.value('select count(*) as value from floor.results')) - before;
  const resultBytes = await meter.value('select avg(pg_column_size(r)) as value from floor.results r');
  await floor.close();
  return {
    first,
    confirm: null,
    night,
    due: newResults,
    newResults,
    patchBytes,
    resultBytes,
    ...(await common(meter)),
  };
}

async function common(meter: Meter) {
  return { peakMb: process.resourceUsage().maxRSS / 1_024, tables: await meter.tables() };
}

if (import.meta.main) {
  const options = JSON.parse(process.argv[2] ?? '{}') as PhaseOptions;
  const meter = await openMeter(options.databaseUrl);
  const report = await (options.kind === 'product' ? productPhase : floorPhase)(options, meter);
  await meter.close();
  if (!process.stdout.write(JSON.stringify(report))) await once(process.stdout, 'drain');
}
