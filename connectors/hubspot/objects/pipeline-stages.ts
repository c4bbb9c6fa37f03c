// The meaning of the stages of the deal pipelines. Their names are the portal's own, in its own
// language; only the metadata tells whether a stage is open, won or lost.
import type { DealState } from '../../../src/domain/outcome.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { pipelinesSchema } from '../http/responses/objects.ts';

/** By the ID of the stage. */
export type PipelineStages = ReadonlyMap<string, DealState>;

/**
 * Returns the stages. They are read at the first call, and again when `wanted` contains an unknown
 * stage.
 */
export type StageReader = (wanted: ReadonlySet<string>, signal: AbortSignal) => Promise<PipelineStages>;

/** For one sync: the next sync reads the stages again, as an admin may change them. */
export function createStageReader(http: HubSpotHttp): StageReader {
  let stages: PipelineStages | null = null;
  const requested = new Set<string>();
  return async (wanted, signal) => {
    const known = stages;
    // A stage that was deleted while it had deals causes only one further read.
    if (known !== null && [...wanted].every((id) => known.has(id) || requested.has(id))) return known;
    stages = await readStages(http, signal);
    for (const id of wanted) requested.add(id);
    return stages;
  };
}

async function readStages(http: HubSpotHttp, signal: AbortSignal): Promise<PipelineStages> {
  const what = 'reading the deal pipelines';
  const { results } = await http.call(
    { what, path: http.paths.pipelines('deals'), responseSchema: pipelinesSchema },
    signal,
  );
  return new Map(results.flatMap(({ stages }) => stages.map(({ id, metadata }) => [id, stateOf(metadata)] as const)));
}

/**
 * A closed stage with probability 1 is won:
 * https://developers.hubspot.com/docs/api-reference/latest/crm/pipelines/guide
 */
function stateOf({ isClosed, probability }: { isClosed?: unknown; probability?: unknown }): DealState {
  if (String(isClosed) !== 'true') return 'open';
  return Number(probability) === 1 ? 'won' : 'lost';
}

/**
 * The property with the time at which a deal last entered a stage. HubSpot replaces the dashes of
 * the ID by underscores.
 */
export function dateEntered(stageId: string): string {
  return `hs_v2_date_entered_${stageId.toLowerCase().replaceAll(/\W/g, '_')}`;
}
