// The command lines of `npx leadgrade import ...`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { jsonOption } from '../terminal/options.ts';
import type { ImportOptions } from './import-hubspot-score.ts';

export function importCommand(io: CommandIo): Command {
  const hubspotScore = new Command('hubspot-score')
    .description('a lead score of HubSpot, as its Lead Scoring API (beta) returns it, as a model file')
    .argument('<file>', 'the answer of GET /marketing/lead-scoring/2026-09-beta/scores/{scoreId} as JSON')
    .option('--mapping <file>', 'the mapping of HubSpot (default: mappings/hubspot.yaml)')
    .option('--out <file>', 'write the model to this new file instead of standard output')
    .addOption(jsonOption())
    .action(async (file: string, options: ImportOptions) => {
      await (await import('./import-hubspot-score.ts')).importHubspotScore(io, file, options);
    });
  return new Command('import').addCommand(hubspotScore);
}
