// Asks the registry for known vulnerabilities of the packages that a user of Leadgrade installs. Without a registry that answers
// this, the check is skipped, and says so.
import { spawnSync } from 'node:child_process';
import { z } from 'zod';

const reportSchema = z.object({
  vulnerabilities: z.record(z.string(), z.object({ name: z.string(), severity: z.string(), range: z.string() })),
});
const REFUSED = new Set(['high', 'critical']);

/** @returns a line for each serious vulnerability; null: the output is not a report */
export function seriousVulnerabilities(output: string): readonly string[] | null {
  try {
    const { vulnerabilities } = reportSchema.parse(JSON.parse(output));
    const serious = Object.values(vulnerabilities).filter(({ severity }) => REFUSED.has(severity));
    return serious.map(({ name, severity, range }) => `${name} ${range}: ${severity}. Run: npm audit`);
  } catch {
    return null;
  }
}

if (import.meta.main) {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8', timeout: 120_000 });
  const found = seriousVulnerabilities(stdout ?? '');
  if (found === null)
    process.stderr.write('NOT CHECKED: known vulnerabilities. The registry does not answer npm audit.\n');
  for (const line of found ?? []) process.stderr.write(`${line}\n`);
  if (found !== null && found.length > 0) process.exitCode = 1;
}
