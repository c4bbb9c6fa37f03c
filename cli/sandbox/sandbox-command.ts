// The command line of `npx leadgrade sandbox`.
import { Command, InvalidArgumentError, Option } from 'commander';
import { isLoopbackUrl, LOOPBACK_RULE } from '../../sandbox/webhooks/delivery-settings.ts';
import type { CommandIo } from '../terminal/io.ts';
import { instant } from '../terminal/options.ts';

export function sandboxCommand(io: CommandIo): Command {
  return new Command('sandbox')
    .option('--hubspot-port <port>', 'port of the HubSpot sandbox (0: any free one)', wholeNumber(0, 65_535), 0)
    .option('--salesforce-port <port>', 'port of the Salesforce sandbox (0: any free one)', wholeNumber(0, 65_535), 0)
    .option('--contacts <n>', 'number of contacts in the seeded data set', wholeNumber(1, 1_000_000), 2000)
    .option('--seed <n>', 'seed of the data set: the same seed gives the same data', wholeNumber(0, 0xffffffff), 1)
    .option('--data <dir>', 'load a folder in leadforge format instead of the seeded data set')
    .option('--recent', 'with --data: move its dates, so that its last activities were yesterday')
    .option('--now <instant>', 'start time of its clock, ISO (default: now)', instant)
    .addOption(
      new Option('--tier <tier>', 'tier of the HubSpot account')
        .choices(['free', 'pro', 'enterprise'])
        .default('enterprise'),
    )
    .option('--day-limit <calls>', 'HubSpot calls a day (default: the limit of the tier)', wholeNumber(1, 10_000_000))
    .option('--faults <file>', 'a fault script (JSON): which requests fail, and how')
    .option(
      '--webhooks <url>',
      'send webhooks, with the subscriptions of the shipped mapping, to a service on this machine: <url>/webhooks/hubspot',
      loopbackUrl,
    )
    .option('--json', 'print one line of JSON when the sandboxes are ready')
    .action(async (options: unknown) => {
      await (await import('./sandbox.ts')).runSandbox(io, options);
    });
}

/** Removes slashes at the end. */
function loopbackUrl(text: string): string {
  if (!isLoopbackUrl(text)) throw new InvalidArgumentError(`It ${LOOPBACK_RULE}.`);
  return text.replace(/\/+$/, '');
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}
