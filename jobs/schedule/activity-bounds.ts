// From when on activities are kept: as long as `ACTIVITY_DAYS` says, and as long as a model looks back
// that scores leads or has scored them within the history.
import { SITE_EVENTS_STREAM } from '../../src/domain/site-event.ts';
import { compileModel } from '../../src/scoring/compile/compile.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { lookBackOf } from '../../src/scoring/time/look-back.ts';
import { storedModels } from '../../src/store/models/models.ts';
import type { ActivityBound } from '../../src/store/retention/activity-bounds.ts';
import { siteEventTypes } from '../../src/store/site-events/retention.ts';
import type { JobContext } from '../context.ts';

const DAY_MS = 86_400_000;

type LookBack = ReadonlyMap<string, number>;

/**
 * The bounds that apply now. A score as of any instant within `HISTORY_DAYS` is the same without what
 * lies before them. A stream or type without a bound is kept for ever.
 */
export async function activityBounds(
  context: Pick<JobContext, 'db' | 'clock' | 'crms' | 'model' | 'retention'>,
): Promise<readonly ActivityBound[]> {
  const { db, clock, crms } = context;
  const now = clock.now().getTime();
  const lookBack = await longestLookBack(context);
  const fromSite = await siteEventTypes(db);
  const streams = [...crms.values()].flatMap(({ connector }) => {
    const ofCrm = connector.streams.filter(({ comparedAtAnyAge }) => comparedAtAnyAge !== true);
    const all = [...ofCrm, { id: SITE_EVENTS_STREAM, activityTypes: fromSite }];
    return all.flatMap(({ id, activityTypes }) =>
      activityTypes.map((type) => ({ crm: connector.id, stream: id, type })),
    );
  });
  return streams.flatMap((key) => {
    const keptMs = keptFor(context, lookBack.get(key.type) ?? 0);
    return keptMs > FOR_EVER_MS ? [] : [{ ...key, keptFrom: new Date(now - keptMs) }];
  });
}

/** No CRM has activities of so long ago, and Postgres has no dates of long before. */
const FOR_EVER_MS = 100 * 365 * DAY_MS;

function keptFor({ retention }: Pick<JobContext, 'retention'>, lookBackMs: number): number {
  return Math.max(retention.activityDays * DAY_MS, retention.historyDays * DAY_MS + lookBackMs);
}

/** By activity type, that of the model that looks back longest. */
async function longestLookBack({ db, model }: Pick<JobContext, 'db' | 'model'>): Promise<LookBack> {
  const longest = new Map(lookBackOf(model.compiled.behavior.signals));
  for (const [hash, text] of await storedModels(db)) {
    for (const [type, ms] of lookBackOfStored(hash, text)) longest.set(type, Math.max(longest.get(type) ?? 0, ms));
  }
  return longest;
}

const known = new Map<string, LookBack>();
const NONE: LookBack = new Map();

/** A model that this version cannot read scores no lead. */
function lookBackOfStored(hash: string, text: string): LookBack {
  const before = known.get(hash);
  if (before !== undefined) return before;
  const { model } = readModel(text, 'stored model');
  const lookBack = model === null ? NONE : lookBackOf(compileModel(model).behavior.signals);
  known.set(hash, lookBack);
  return lookBack;
}
