// How long activities are kept, and whether the model counts some that were deleted before it was changed.
import type { JobContext } from '../../jobs/context.ts';
import { activityBounds } from '../../jobs/schedule/activity-bounds.ts';
import { listBounds } from '../../src/store/retention/activity-bounds.ts';
import type { Finding } from './finding.ts';

const DAY_MS = 86_400_000;

export async function keptActivitiesFinding(context: JobContext): Promise<Finding> {
  const about = { part: 'leadgrade', what: 'activities' };
  const wanted = new Map((await activityBounds(context)).map((bound) => [keyOf(bound), bound]));
  const read = new Set(
    [...context.crms.values()].flatMap(({ connector }) => connector.streams.map(({ id }) => `${connector.id}/${id}`)),
  );
  const lacking = (await listBounds(context.db)).filter((bound) => {
    if (!read.has(`${bound.crm}/${bound.stream}`)) return false;
    const { keptFrom } = wanted.get(keyOf(bound)) ?? {};
    return keptFrom === undefined || bound.keptFrom.getTime() - keptFrom.getTime() > DAY_MS;
  });
  const [first] = lacking;
  if (first !== undefined) {
    const types = [...new Set(lacking.map(({ type }) => type))].join(', ');
    const since = first.keptFrom.toISOString().slice(0, 10);
    return {
      ...about,
      level: 'warning',
      detail: `the model looks back longer than before: activities (${types}) from before ${since} were deleted and do not count`,
      fix: 'npx leadgrade backfill reads again what the CRM still has.',
    };
  }
  const days = context.retention.activityDays;
  const now = context.clock.now().getTime();
  const longer = [...wanted.values()]
    .map(({ type, keptFrom }) => ({ type, kept: Math.round((now - keptFrom.getTime()) / DAY_MS) }))
    .filter(({ kept }) => kept > days);
  const texts = new Set(longer.map(({ type, kept }) => `${type} ${kept}`));
  const more = texts.size === 0 ? '' : `, longer where the model looks back longer: ${[...texts].join(', ')}`;
  return { ...about, level: 'ok', detail: `kept for ${days} days${more}` };
}

function keyOf({
  crm,
  stream,
  type,
}: {
  readonly crm: string;
  readonly stream: string;
  readonly type: string;
}): string {
  return JSON.stringify([crm, stream, type]);
}
