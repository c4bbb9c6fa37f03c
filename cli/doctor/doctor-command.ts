// The command line of `npx leadgrade doctor`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { crmOption, jsonOption } from '../terminal/options.ts';
import type { DoctorOptions } from './doctor.ts';

export function doctorCommand(io: CommandIo): Command {
  return new Command('doctor')
    .addOption(crmOption())
    .addOption(jsonOption())
    .action(async (options: DoctorOptions) => {
      await (await import('./doctor.ts')).doctor(io, options);
    });
}
