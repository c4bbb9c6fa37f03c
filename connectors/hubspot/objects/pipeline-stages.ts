// What the stages of the deal pipelines mean. Their names are a portal's own, in its own language: only the metadata tell.
import type { DealState } from '../../../src/domain/outcome.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { pipelinesAnswer } from '../http/responses.ts';

/** By the stage's id. */
export type PipelineStages = ReadonlyMap<string, DealState>;

/** The stages, read when first asked for, and again when one is asked for that was not among them. */
export type StageReader = (wanted: ReadonlySet<string>, signal: AbortSignal) => Promise<PipelineStages>;

/** For one pull: the next one sees what an admin changed meanwhile. */
export function createStageReader(http: HubSpotHttp): StageReader {
  let known: PipelineStages | null = null;
  const asked = new Set<string>();
  return async (wanted, signal) => {
    const stages = known;
    // A stage that was deleted while deals are in it is asked for once.
    if (stages !== null && [...wanted].every((id) => stages.has(id) || asked.has(id))) return stages;
    known = await readStages(http, signal);
    for (const id of wanted) asked.add(id);
    return known;
  };
}

async function readStages(http: HubSpotHttp, signal: AbortSignal): Promise<PipelineStages> {
  const what = 'reading the deal pipelines';
  const { results } = await http.call({ what, path: http.paths.pipelines('deals'), answer: pipelinesAnswer }, signal);
  return new Map(results.flatMap(({ stages }) => stages.map(({ id, metadata }) => [id, stateOf(metadata)] as const)));
}

/** Won is closed with probability 1, https://developers.hubspot.com/docs/api-reference/latest/crm/pipelines/guide */
function stateOf({ isClosed, probability }: { isClosed?: unknown; probability?: unknown }): DealState {
  if (String(isClosed) !== 'true') return 'open';
  return Number(probability) === 1 ? 'won' : 'lost';
}

/** The property that says when a deal last entered a stage; of ids with dashes HubSpot writes the name with underscores. */
export function dateEntered(stageId: string): string {
  return `hs_v2_date_entered_${stageId.toLowerCase().replaceAll(/\W/g, '_')}`;
}
