// The benchmarks that bench:report runs, each with its options at two sizes.

export interface Bench {
  readonly name: string;
  readonly measures: string;
  /** It takes `--postgres`. */
  readonly usesPostgres: boolean;
  /** About 15 minutes in all on two idle cores. */
  readonly quick: readonly string[];
  readonly full: readonly string[];
}

export const BENCHES: readonly Bench[] = [
  {
    name: 'engine',
    measures: 'the scoring core beside rule engines and a hand-written loop of the same model',
    usesPostgres: false,
    quick: ['--leads', '20000', '--rounds', '7'],
    full: ['--leads', '100000', '--rounds', '9'],
  },
  {
    name: 'nightly',
    measures: 'the scoring stage beside a floor: the least SQL and arithmetic that writes the same bytes',
    usesPostgres: true,
    quick: ['--leads', '10000', '--due', '0.5', '--rounds', '3', '--workers', '1,2'],
    full: ['--leads', '100000', '--rounds', '5', '--workers', '1,2'],
  },
  {
    name: 'size',
    measures: 'the same work beside 1,000,000 and beside 100,000 leads, with the plan of every statement',
    usesPostgres: true,
    quick: ['--leads', '1000000', '--small', '100000', '--rounds', '3'],
    full: ['--leads', '1000000', '--small', '100000', '--rounds', '7'],
  },
  {
    name: 'growth',
    measures: 'rows and bytes over 120 nights with a steady input',
    usesPostgres: true,
    quick: ['--leads', '300', '--nights', '120'],
    full: ['--leads', '2000', '--nights', '120'],
  },
  {
    name: 'writeback',
    measures: "a backlog of scores, written to the sandboxes with HubSpot's rate limit",
    usesPostgres: true,
    quick: ['--leads', '60000'],
    full: ['--leads', '200000', '--latency', '400'],
  },
  {
    name: 'start',
    measures: 'the start of commands beside `node -e 0`',
    usesPostgres: false,
    quick: ['--rounds', '15'],
    full: ['--rounds', '51'],
  },
];
