// Replays every stored result, of every model, as of the instant that it was computed for.
import { type ModelReplay, openReplay } from '../../../cli/replay/replay.ts';
import type { JobContext } from '../../../jobs/context.ts';
import { toContributions } from '../../../src/domain/stored-lines.ts';
import { lineTexts } from '../../../src/scoring/line-texts.ts';
import { type LeadAsOf, leadsAsOf } from '../../../src/store/replay/leads-as-of.ts';

export interface ReplayedResult {
  /** The key of the model; null = the first one. */
  readonly model: string | null;
  readonly lead: number;
  readonly asOf: Date;
  readonly stored: object;
  readonly replayed: object;
}

export interface ReplayedAll {
  readonly results: readonly ReplayedResult[];
  /** The reasons why results were not replayed, each with the lead. */
  readonly refused: readonly { readonly lead: number; readonly reason: string }[];
}

export async function replayAll(context: JobContext): Promise<ReplayedAll> {
  const stored = await context.db.selectFrom('results').selectAll().orderBy('id').execute();
  const results: ReplayedResult[] = [];
  const refused: { lead: number; reason: string }[] = [];
  const at = Map.groupBy(stored, ({ model, as_of }) => `${as_of.toISOString()} ${nameOf(context, model)}`);
  for (const rows of at.values()) {
    const [first] = rows;
    if (first === undefined) continue;
    const ids = rows.map(({ lead_id }) => lead_id);
    const leads = await leadsAsOf(context.db, ids, { at: first.as_of, crms: [...context.crms.keys()] });
    const byId = new Map(leads.map((lead) => [lead.id, lead]));
    const replay = await openReplay(context, first.as_of, { name: nameOf(context, first.model) });
    for (const row of rows) {
      const replayed = await replayOf(replay, byId.get(row.lead_id));
      if ('reason' in replayed) refused.push({ lead: row.lead_id, ...replayed });
      else {
        const texts = lineTexts(replayed.model.compiled);
        results.push({
          ...{ model: row.model, lead: row.lead_id, asOf: row.as_of },
          stored: {
            ...{ grade: row.grade, fit: row.fit_score, behavior: row.behavior_score, total: row.total },
            ...{ status: row.status, cell: row.cell },
            lines: toContributions(row.contributions, texts).map(({ signal, points }) => [signal, points]),
          },
          replayed: shown(replayed),
        });
      }
    }
  }
  return { results, refused };
}

function nameOf({ models }: JobContext, key: string | null): string {
  const name = models.find((model) => model.key === key)?.name;
  if (name === undefined) throw new Error(`There is no model with the key ${key}.`);
  return name;
}

type Scored = Extract<ModelReplay, { readonly result: object }>;

async function replayOf(
  replay: Awaited<ReturnType<typeof openReplay>>,
  lead: LeadAsOf | undefined,
): Promise<Scored | { readonly reason: string }> {
  if (lead === undefined) return { reason: 'The lead has no record.' };
  const replays = await replay.score(lead);
  if ('refused' in replays) return { reason: replays.refused };
  const [only] = replays;
  if (only === undefined) return { reason: 'No model.' };
  if ('refused' in only) return { reason: only.refused };
  return 'outside' in only ? { reason: `outside: ${only.outside}` } : only;
}

function shown({ result }: Scored): object {
  const { grade, fit, behavior, total, status, cell, contributions } = result;
  const lines = contributions.filter(({ points }) => points !== 0).map(({ signal, points }) => [signal, points]);
  return { grade, fit: fit.score, behavior: behavior.score, total, status, cell, lines };
}
