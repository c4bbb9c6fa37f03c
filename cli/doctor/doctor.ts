// `leadgrade doctor`: looks at everything that the product needs, and says the fix for what is not right.
import { Command } from 'commander';
import { isSuperseded } from '../../jobs/read/fallback-streams.ts';
import type { ChangeStream, CrmConnector, SetupCheck } from '../../src/crm/connector.ts';
import { countErrors } from '../../src/store/leads/record-errors.ts';
import { listPauses } from '../../src/store/sync/crm-pauses.ts';
import { isWorkerAlive } from '../../src/store/sync/heartbeats.ts';
import { allStreams, type StreamSummary } from '../../src/store/sync/streams.ts';
import { chosenCrms, crmOption } from '../product/chosen-crms.ts';
import type { Product } from '../product/open-product.ts';
import { withProduct } from '../product/with-product.ts';
import { writeTarget } from '../setup/write-target.ts';
import type { CommandIo } from '../terminal/io.ts';
import { jsonOption } from '../terminal/options.ts';
import type { Finding } from './finding.ts';
import { webhookFindings } from './webhooks.ts';

const SIGNS: Readonly<Record<SetupCheck['level'], string>> = {
  ok: 'ok      ',
  warning: 'warning ',
  problem: 'PROBLEM ',
};

export function doctorCommand(io: CommandIo): Command {
  return new Command('doctor')
    .description('check settings, database, queue, CRM, and say the fix for what is not right')
    .addOption(crmOption())
    .addOption(jsonOption())
    .action((options: DoctorOptions) =>
      withProduct(io, { quiet: true }, async (product, config) => {
        const chosen = chosenCrms(product.context, options.crm);
        const { db, clock, crms } = product.context;
        const connectors = [...crms.values()].map(({ connector }) => connector);
        const webhooks = await webhookFindings({ db, clock, connectors, publicUrl: config.publicUrl });
        const own = [...(await ownFindings(product)), ...webhooks].filter(isOf(chosen));
        const now = await crmFindings(product, chosen);
        const findings = [...withoutRepeats(own, now), ...now];
        if (options.json) io.stdout.write(`${JSON.stringify({ findings })}\n`);
        else for (const finding of findings) io.stdout.write(`${toLines(finding)}\n`);
        if (findings.some((finding) => finding.level === 'problem')) io.setExitCode(2);
      }),
    );
}

interface DoctorOptions {
  readonly crm?: string;
  readonly json: boolean;
}

/** Leadgrade's own findings, and those of these CRMs. */
function isOf(chosen: readonly CrmConnector[]): (finding: Finding) => boolean {
  const parts = new Set(['leadgrade', ...chosen.map(({ id }) => id)]);
  return ({ part }) => parts.has(part);
}

function toLines({ part, what, level, detail, fix }: Finding): string {
  const line = `${SIGNS[level]} ${part}: ${what}: ${detail}`;
  return fix === undefined ? line : `${line}\n          Fix: ${fix}`;
}

async function ownFindings({ context, database }: Product): Promise<readonly Finding[]> {
  const { db, clock } = context;
  const crms = [...context.crms.keys()];
  const where = database.embedded ? 'embedded, in DATA_DIR' : 'the one of DATABASE_URL';
  const errors = await countErrors(db, crms);
  const halts = await listPauses(db, crms);
  const isServed = await isWorkerAlive(db, clock.now());
  return [
    { part: 'leadgrade', what: 'database', level: 'ok', detail: `${where}; up to date` },
    { part: 'leadgrade', what: 'model', level: 'ok', detail: context.model.compiled.id },
    isServed
      ? { part: 'leadgrade', what: 'service', level: 'ok', detail: 'a worker is running' }
      : {
          part: 'leadgrade',
          what: 'service',
          level: 'warning',
          detail: 'no worker is running: nothing is kept current',
          fix: 'Start it: leadgrade start.',
        },
    ...halts.map((halt): Finding => {
      const detail = `${halt.direction} halted since ${halt.since.toISOString()}: ${halt.message}`;
      const fix = halt.fix ?? `It is tried again at ${halt.until.toISOString()}.`;
      return { part: halt.crm, what: halt.direction, level: 'problem', detail, fix };
    }),
    ...(errors === 0
      ? []
      : [
          {
            part: 'leadgrade',
            what: 'errors',
            level: 'warning' as const,
            detail: `${errors} entries in the error list`,
            fix: 'See them: leadgrade errors list; then leadgrade errors retry.',
          },
        ]),
    ...(await allStreams(db)).flatMap((row) => streamFinding(row, context.crms.get(row.crm)?.connector.streams ?? [])),
  ];
}

/** What is closed now as it was when the service last asked is said once. */
function withoutRepeats(stored: readonly Finding[], now: readonly Finding[]): readonly Finding[] {
  const closed = new Set(now.filter(({ level }) => level !== 'ok').map(({ part, what }) => `${part} ${what}`));
  return stored.filter(({ part, what, level }) => level === 'ok' || !closed.has(`${part} reading ${what}`));
}

/** What the service found when it last asked or read. */
function streamFinding(row: StreamSummary, streams: readonly ChangeStream[]): readonly Finding[] {
  const { crm, stream, completedAt, unavailableReason, unavailableFix, unavailableSince } = row;
  const known = streams.find(({ id }) => id === stream);
  if (unavailableReason !== null && isSuperseded(known, row))
    return [{ part: crm, what: stream, level: 'ok', detail: `not needed: ${unavailableReason}` }];
  if (unavailableReason !== null) {
    const detail = `not read since ${unavailableSince?.toISOString()}: ${unavailableReason}`;
    return [
      {
        part: crm,
        what: stream,
        level: 'warning',
        detail,
        ...(unavailableFix === null ? {} : { fix: unavailableFix }),
      },
    ];
  }
  if (completedAt === null) return [];
  const until = `read until ${completedAt.toISOString()}`;
  const detail = known?.isCounter
    ? `${until}; counted on the contacts, dated by their history as far as that goes`
    : until;
  return [{ part: crm, what: stream, level: 'ok', detail }];
}

async function crmFindings({ context }: Product, chosen: readonly CrmConnector[]): Promise<readonly Finding[]> {
  const found = await Promise.all(
    chosen.map(async (connector) => {
      const checks = await connector.checkSetup(writeTarget(context.model), context.signal);
      return checks.map((check) => ({ part: connector.id, ...check }));
    }),
  );
  return found.flat();
}
