// The meaning of the stages of the deal pipelines. Their names are the portal's own, in its own
// language; only the metadata tells whether a stage is open, won or lost.
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { DealState } from '../../../src/domain/outcome.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { pipelinesSchema } from '../http/responses/objects.ts';
import { propertiesSchema } from '../http/responses/setup.ts';

export interface PipelineStage {
  readonly state: DealState;
  /** The deal property with the time at which a deal last entered the stage; null = none. */
  readonly enteredProperty: string | null;
}

/** By the ID of the stage. */
export type PipelineStages = ReadonlyMap<string, PipelineStage>;

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
  const properties = await readDealProperties(http, signal);
  // A deal in a stage of an unexpected shape has the state that its own properties name.
  const stages = results.valid.flatMap(({ stages: { valid } }) => valid);
  return new Map(
    stages.map(({ id, metadata }) => [
      id,
      { state: stateOf(metadata), enteredProperty: enteredProperty(id, properties) },
    ]),
  );
}

/** The names of the portal's deal properties; none when this token may not list them. */
async function readDealProperties(http: HubSpotHttp, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const call = { what: 'reading deal properties', path: http.paths.properties('deals') };
  try {
    const { results } = await http.call({ ...call, responseSchema: propertiesSchema }, signal);
    return new Set(results.valid.map(({ name }) => name));
  } catch (error) {
    if (error instanceof ConnectorError && (error.kind === 'forbidden' || error.kind === 'not-found')) return new Set();
    throw error;
  }
}

/**
 * A closed stage with probability 1 is won:
 * https://developers.hubspot.com/docs/api-reference/latest/crm/pipelines/guide
 */
function stateOf({ isClosed, probability }: { isClosed?: unknown; probability?: unknown }): DealState {
  if (String(isClosed) !== 'true') return 'open';
  return Number(probability) === 1 ? 'won' : 'lost';
}

// The newer properties come first: HubSpot replaces the older ones by them.
const ENTERED_PREFIXES = ['hs_v2_date_entered_', 'hs_date_entered_'] as const;

/**
 * HubSpot names the property by the ID of the stage, in lower case and with underscores; where two
 * pipelines have stages with one ID, with a suffix. Only a property that the portal has is
 * returned.
 */
function enteredProperty(stageId: string, properties: ReadonlySet<string>): string | null {
  const stage = stageId.toLowerCase().replaceAll(/\W/g, '_');
  for (const prefix of ENTERED_PREFIXES) {
    const name = `${prefix}${stage}`;
    if (properties.has(name)) return name;
    const [suffixed, ...others] = [...properties].filter((each) => /^_\d+$/.test(each.replace(name, '')));
    if (suffixed !== undefined && others.length === 0) return suffixed;
  }
  return null;
}
