// The command lines of `npx leadgrade compare ...`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { asOfOption, jsonOption, positiveNumber } from '../terminal/options.ts';
import type { CompareOptions } from './compare-hubspot-score.ts';
import type { CompareModelsOptions } from './compare-models.ts';

export function compareCommand(io: CommandIo): Command {
  const hubspotScore = new Command('hubspot-score')
    .description("our score beside HubSpot's own, contact by contact, and whether both agree on the order")
    .option('--against <leads>', 'store (the leads of the database), or a file: NDJSON, or a CSV export', 'store')
    .option('--mapping <file>', 'the meaning of the columns of the CSV export (docs/exports.md)')
    .option('--model <file>', 'model file (default: MODEL_FILE, or mappings/model.yaml)')
    .option('--field <name>', "the field that the mapping fills with HubSpot's score", 'contact.hubspot_score')
    .option('--limit <number>', 'how many contacts to print', positiveNumber, 20)
    .addOption(asOfOption())
    .addOption(jsonOption())
    .action(async (options: CompareOptions) => {
      await (await import('./compare-hubspot-score.ts')).compareHubspotScore(io, options);
    });
  const models = new Command('models')
    .description('two models of MODEL_FILE side by side: which leads differ, and by which lines')
    .argument('<live>', 'the name of a model in MODEL_FILE')
    .argument('<shadow>', 'the name of another one')
    .addOption(asOfOption())
    .addOption(jsonOption())
    .action(async (live: string, shadow: string, options: CompareModelsOptions) => {
      await (await import('./compare-models.ts')).compareModels(io, [live, shadow], options);
    });
  return new Command('compare').addCommand(hubspotScore).addCommand(models);
}
