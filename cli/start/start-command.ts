// The command line of `npx leadgrade start`.
import { Command, InvalidArgumentError } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { ROLES, type Role } from './roles.ts';

export function startCommand(io: CommandIo): Command {
  return new Command('start')
    .option('--roles <list>', `any of ${ROLES.join(', ')}`, parseRoles, [...ROLES])
    .action(async ({ roles }: { roles: readonly Role[] }) => {
      await (await import('./start.ts')).start(io, roles);
    });
}

function parseRoles(text: string): readonly Role[] {
  const names = text.split(',').map((name) => name.trim());
  const roles = ROLES.filter((role) => names.includes(role));
  if (roles.length !== names.length) throw new InvalidArgumentError(`It must be some of ${ROLES.join(',')}.`);
  return roles;
}
