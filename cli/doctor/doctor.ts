// `npx leadgrade doctor`: checks everything that the product needs, and prints the fix for every
// problem.
import type { JobContext } from '../../jobs/context.ts';
import { isSuperseded } from '../../jobs/read/fallback-streams.ts';
import type { ChangeStream, CrmConnector, SetupCheck } from '../../src/crm/connector.ts';
import { GUARD_KIND } from '../../src/domain/limits/guard.ts';
import { countErrors } from '../../src/store/leads/record-errors.ts';
import { type CrmPause, listPauses } from '../../src/store/sync/crm-pauses.ts';
import { isWorkerAlive } from '../../src/store/sync/heartbeats.ts';
import { allStreams, type StreamSummary } from '../../src/store/sync/streams.ts';
import { mappedFields, modelGap } from '../model-files/model-gaps.ts';
import { chosenCrms } from '../product/chosen-crms.ts';
import type { Product } from '../product/open-product.ts';
import { withProduct } from '../product/with-product.ts';
import { writeTarget } from '../setup/write-target.ts';
import type { CommandIo } from '../terminal/io.ts';
import { capacityFindings } from './capacity.ts';
import { databaseSizeFinding } from './database-size.ts';
import type { Finding } from './finding.ts';
import { guardFindings } from './guard.ts';
import { keptActivitiesFinding } from './kept-activities.ts';
import { modelFinding } from './model-finding.ts';
import { poolerFindings } from './pooler.ts';
import { secretFileFindings } from './secret-files.ts';
import { setAsideFindings, withoutContradictions } from './set-aside.ts';
import { webhookFindings } from './webhooks.ts';

const SIGNS: Readonly<Record<SetupCheck['level'], string>> = {
  ok: 'ok      ',
  warning: 'warning ',
  problem: 'PROBLEM ',
};

export interface DoctorOptions {
  readonly crm?: string;
  readonly json: boolean;
}

export function doctor(io: CommandIo, options: DoctorOptions): Promise<void> {
  return withProduct(io, { logErrorsOnly: true }, async (product, config) => {
    const chosen = chosenCrms(product.context, options.crm);
    const { db, clock, crms } = product.context;
    const connectors = [...crms.values()].map(({ connector }) => connector);
    const webhooks = await webhookFindings({ db, clock, connectors, publicUrl: config.publicUrl });
    const secrets = await secretFileFindings(io.env, process.cwd());
    const setAside = (await setAsideFindings(product.context)).filter(isAbout(chosen));
    const own = withoutContradictions([...(await ownFindings(product, config.modelFile)), ...secrets], setAside);
    const stored = [...own, ...setAside, ...webhooks].filter(isAbout(chosen));
    const live = withoutContradictions(await crmFindings(product, chosen), setAside);
    const findings = [...withoutRepeats(stored, live), ...live];
    if (options.json) io.stdout.write(`${JSON.stringify({ findings })}\n`);
    else for (const finding of findings) io.stdout.write(`${toLines(finding)}\n`);
    if (findings.some((finding) => finding.level === 'problem')) io.setExitCode(2);
  });
}

/** Selects findings about Leadgrade itself and about these CRMs. */
function isAbout(chosen: readonly CrmConnector[]): (finding: Finding) => boolean {
  const parts = new Set(['leadgrade', ...chosen.map(({ id }) => id)]);
  return ({ part }) => parts.has(part);
}

function toLines({ part, what, level, detail, fix }: Finding): string {
  const line = `${SIGNS[level]} ${part}: ${what}: ${detail}`;
  return fix === undefined ? line : `${line}\n          Fix: ${fix}`;
}

async function ownFindings({ context, database }: Product, modelFile: string): Promise<readonly Finding[]> {
  const { db, clock } = context;
  const crms = [...context.crms.keys()];
  const where = database.embedded ? 'embedded, in DATA_DIR' : 'server of DATABASE_URL';
  const errors = await countErrors(db, crms);
  const pauses = await listPauses(db, crms);
  const isServiceRunning = await isWorkerAlive(db, clock.now());
  return [
    { part: 'leadgrade', what: 'database', level: 'ok', detail: `${where}; up to date` },
    ...(await poolerFindings(database)),
    await databaseSizeFinding(context),
    await keptActivitiesFinding(context),
    await modelFinding(context, modelFile),
    ...(await capacityFindings(context)),
    ...mappingFindings(context),
    isServiceRunning
      ? { part: 'leadgrade', what: 'service', level: 'ok', detail: 'a worker is running' }
      : {
          part: 'leadgrade',
          what: 'service',
          level: 'warning',
          detail: 'no worker is running; scores are not updated',
          fix: 'Start it: npx leadgrade start.',
        },
    ...(await guardFindings(context)),
    ...pauses.filter(({ error_kind }) => error_kind !== GUARD_KIND).map(pauseFinding),
    ...(errors === 0
      ? []
      : [
          {
            part: 'leadgrade',
            what: 'errors',
            level: 'warning' as const,
            detail: `${errors} entries in the error list`,
            fix: 'See them: npx leadgrade errors list; then npx leadgrade errors retry.',
          },
        ]),
    ...(await allStreams(db)).flatMap((row) => streamFinding(row, context.crms.get(row.crm)?.connector.streams ?? [])),
  ];
}

function mappingFindings({ models, crms }: JobContext): readonly Finding[] {
  const given = mappedFields(crms);
  return models.flatMap(({ compiled, name }): Finding[] => {
    const gap = modelGap(compiled, given);
    if (gap === null) return [];
    const what = models.length === 1 ? 'mapping' : `mapping for ${name}`;
    return [{ part: 'leadgrade', what, level: 'warning', detail: gap.message, fix: gap.fix }];
  });
}

function pauseFinding({ crm, direction, since, message, fix, until }: CrmPause): Finding {
  return {
    part: crm,
    what: direction,
    level: 'problem',
    detail: `${direction} paused since ${since.toISOString()}: ${message}`,
    fix: fix ?? `The next attempt is at ${until.toISOString()}.`,
  };
}

/** Removes stored findings that the live check repeats. */
function withoutRepeats(stored: readonly Finding[], live: readonly Finding[]): readonly Finding[] {
  const notOk = new Set(live.filter(({ level }) => level !== 'ok').map(({ part, what }) => `${part} ${what}`));
  return stored.filter(({ part, what, level }) => level === 'ok' || !notOk.has(`${part} reading ${what}`));
}

/** The result of the last availability check or sync of the service. */
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
    ? `${until}; counters of the contacts, dated by the property history where it exists`
    : until;
  return [{ part: crm, what: stream, level: 'ok', detail }];
}

async function crmFindings({ context }: Product, chosen: readonly CrmConnector[]): Promise<readonly Finding[]> {
  const found = await Promise.all(
    chosen.map(async (connector) => {
      const checks = await connector.checkSetup(writeTarget(context.models), context.signal);
      return checks.map((check) => ({ part: connector.id, ...check }));
    }),
  );
  return found.flat();
}
