// The JSON file of a benchmark (`--json FILE`), of one shape for all: what ran, where, and the figures that bench:report
// puts into docs/performance.md. It names no path and no host.
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';

/**
 * `ratio`: of CPU times of interleaved rounds, or of counts and bytes; it holds on a busy machine, too. `cpu`: CPU time of this
 * machine. `wall`: time on the clock, which a busy machine makes longer. `count`: numbers and bytes.
 */
const KINDS = ['ratio', 'cpu', 'wall', 'count'] as const;

const figureSchema = z.object({
  /** Unique within the benchmark; a target in bench/report/targets.ts refers to it. */
  name: z.string(),
  /** Null = not measured, as Postgres runs on another machine. */
  value: z.number().nullable(),
  unit: z.string(),
  kind: z.enum(KINDS),
});
export type Figure = z.infer<typeof figureSchema>;

const seriesSchema = z.object({
  name: z.string(),
  x: z.string(),
  y: z.string(),
  points: z.array(z.tuple([z.number(), z.number()])),
});
/** One line of a chart. */
export type Series = z.infer<typeof seriesSchema>;

export const reportSchema = z.object({
  bench: z.string(),
  command: z.string(),
  commit: z.string(),
  startedAt: z.iso.datetime(),
  seconds: z.number(),
  machine: z.object({
    cores: z.number(),
    cpu: z.string(),
    memoryGb: z.number(),
    node: z.string(),
    /** Null = the benchmark uses no server of Postgres. */
    postgres: z.string().nullable(),
    /** Share of the cores that other programs used in the second before the benchmark, 0 to 1. */
    othersShare: z.number(),
  }),
  figures: z.array(figureSchema),
  series: z.array(seriesSchema),
  /** Whatever the benchmark measured besides. */
  details: z.unknown(),
});
export type BenchReport = z.infer<typeof reportSchema>;

interface Measured {
  readonly figures: readonly Figure[];
  readonly series?: readonly Series[];
  readonly details: unknown;
}

export interface ReportFile {
  /** Writes nothing without `--json`. */
  save(measured: Measured): Promise<void>;
}

/**
 * Call it before the benchmark begins.
 * @param file of `--json`
 * @param postgres the URL of the server that the benchmark uses
 */
export async function openReport(bench: string, file: string | undefined, postgres?: string): Promise<ReportFile> {
  if (file === undefined) return { save: async () => undefined };
  const othersShare = await busyShare();
  const startedAt = new Date();
  const started = performance.now();
  return {
    save: async ({ figures, series = [], details }) => {
      const report: BenchReport = {
        bench,
        command: commandOf(bench, process.argv.slice(2)),
        commit: commitOf(),
        startedAt: startedAt.toISOString(),
        seconds: Math.round((performance.now() - started) / 1_000),
        machine: {
          cores: availableParallelism(),
          cpu: cpus()[0]?.model ?? 'unknown',
          memoryGb: Math.round(totalmem() / 2 ** 30),
          node: process.version,
          postgres: postgres === undefined ? null : await postgresVersion(postgres),
          othersShare,
        },
        figures: figures.map((figure) => ({ ...figure, value: Number.isFinite(figure.value) ? figure.value : null })),
        series: series.map((each) => ({ ...each, points: [...each.points] })),
        details,
      };
      await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
    },
  };
}

/** Options that say where something is, not what is measured. */
const PLACES: ReadonlySet<string> = new Set(['--json', '--postgres', '--redis']);

function commandOf(bench: string, args: readonly string[]): string {
  const kept = args.filter((arg, index) => !PLACES.has(arg.split('=')[0] ?? '') && !PLACES.has(args[index - 1] ?? ''));
  return ['npm run', `bench:${bench}`, ...(kept.length > 0 ? ['--', ...kept] : [])].join(' ');
}

/** With a `+` if files differ from it. */
function commitOf(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const isClean = git('status', '--porcelain', '--untracked-files=no') === '';
    return `${git('rev-parse', '--short', 'HEAD')}${isClean ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
}

async function busyShare(): Promise<number> {
  const total = () =>
    cpus().map(({ times }) => ({ idle: times.idle, all: Object.values(times).reduce((a, b) => a + b) }));
  const before = total();
  await sleep(1_000);
  const [idle, all] = total().reduce(
    ([idleSum, allSum], core, index) => [
      idleSum + core.idle - (before[index]?.idle ?? 0),
      allSum + core.all - (before[index]?.all ?? 0),
    ],
    [0, 0],
  );
  return all === 0 ? 0 : Math.round((1 - idle / all) * 100) / 100;
}

async function postgresVersion(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ server_version: string }>('show server_version');
  await client.end();
  return rows[0]?.server_version.split(' ')[0] ?? 'unknown';
}
