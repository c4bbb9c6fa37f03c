// Runs the `leadgrade` command: in a process of its own with real streams and a real exit code, or,
// seconds faster, in this process.
import { spawn } from 'node:child_process';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../../cli/program.ts';

export const MAIN = fileURLToPath(new URL('../../bin/leadgrade.js', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export async function leadgrade(
  args: readonly string[],
  { input = '', cwd = ROOT, env = {} }: RunOptions = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: { ...process.env, MODEL_FILE: '', ...env } });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output.stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    output.stderr += chunk;
  });
  child.stdin.on('error', () => undefined); // The command may end without reading its input.
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, ...output };
}

/** Runs the command in this process. Relative paths are relative to the repository. */
export async function leadgradeHere(
  args: readonly string[],
  { input = '', env = {} }: { readonly input?: string | Readable; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Finished> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const printed = Promise.all([text(stdout), text(stderr)]);
  let code = 0;
  const stdin = input instanceof Readable ? input : Readable.from(input === '' ? [] : [Buffer.from(input)]);
  const clock = { now: () => new Date() };
  const setExitCode = (exitCode: number) => {
    code = exitCode;
  };
  await runProgram(
    { stdin, stdout, stderr, env: { ...process.env, MODEL_FILE: '', ...env }, clock, setExitCode },
    args,
  );
  stdout.end();
  stderr.end();
  const [out, err] = await printed;
  return { code, stdout: out, stderr: err };
}
