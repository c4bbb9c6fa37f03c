// Scores due leads in this worker while another one runs `score-leads`, which has matched people and marked outdated
// leads. A worker whose inputs do not apply (another version, another model) scores none.
import type { JobContext } from '../context.ts';
import { isScoring, whileScoring } from './parallel-scorers.ts';
import { enqueueWrites, scoreAllDue } from './score-all-due.ts';
import { scoringInputs } from './scoring-inputs.ts';

export async function scoreMoreLeads(context: JobContext): Promise<void> {
  if (isScoring(context)) return;
  await whileScoring(context, async () => scoreAllDue(context, await scoringInputs(context)));
  await enqueueWrites(context);
}
