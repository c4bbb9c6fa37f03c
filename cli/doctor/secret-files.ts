// Findings about files with secrets that other users of the machine may read: `.env`, and the files
// that settings like HUBSPOT_ACCESS_TOKEN_FILE name.
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { connectorIds } from '../../connectors/registry.ts';
import { SETTING_NOTES } from '../product/settings-schema.ts';
import type { Finding } from './finding.ts';

/** Secrets of Docker and Kubernetes: only the container sees them, and their mode cannot be changed. */
const OF_CONTAINER = /^(\/var)?\/run\/secrets\//;
const OTHERS = 0o077;

/**
 * @param folder the working directory, where `.env` is read
 * @returns one warning for each file; an empty list on Windows, which has no such modes
 */
export async function secretFileFindings(env: NodeJS.ProcessEnv, folder: string): Promise<readonly Finding[]> {
  if (process.platform === 'win32') return [];
  const crms = await connectorIds();
  const named = Object.entries(env).flatMap(([name, path]) => {
    return isSecretFile(name, crms) && path?.trim() ? [resolve(folder, path.trim())] : [];
  });
  const files = [...new Set([join(folder, '.env'), ...named])].filter((path) => !OF_CONTAINER.test(path));
  return files.filter(isReadableByOthers).map((path) => ({
    part: 'leadgrade',
    what: 'secrets',
    level: 'warning',
    detail: `other users of this machine may read ${path}`,
    fix: `Run: chmod 600 ${path}`,
  }));
}

function isReadableByOthers(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true && (found.mode & OTHERS) !== 0;
}

/** Whether the variable names the file of a secret of ours; others, such as SSL_CERT_FILE, do not concern us. */
function isSecretFile(name: string, crms: readonly string[]): boolean {
  const setting = /^([A-Z][A-Z0-9_]*)_FILE$/.exec(name)?.[1] ?? '';
  const isOwn = Object.entries(SETTING_NOTES).some(([own, { secret }]) => own === setting && secret === true);
  return isOwn || crms.some((id) => setting.startsWith(`${id.toUpperCase()}_`));
}
