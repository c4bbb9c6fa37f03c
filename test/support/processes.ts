// Child processes of tests: started by their path, watched through their output, ended by their own process id.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { patient } from './patience.ts';

export interface Running {
  readonly pid: number;
  /** Everything it has printed so far, both streams. */
  output(): string;
  /** Resolves with the first line (from the start) that matches; fails when it ends before, or after `withinMs`. */
  line(pattern: RegExp, withinMs?: number): Promise<string>;
  send(line: string): void;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  /** SIGKILL, and waits until it is gone. Harmless when it is gone already. */
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();

// What a failed test leaves behind must not outlive the run.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function start(command: string, args: readonly string[], options: { env?: NodeJS.ProcessEnv } = {}): Running {
  const child = spawn(command, args, { env: { ...process.env, ...options.env }, stdio: 'pipe' });
  running.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      text += chunk;
      child.emit('printed');
    });
  }
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', (error) => {
      text += error.message;
      resolve('not started');
    });
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  }).finally(() => {
    running.delete(child);
    child.emit('printed');
  });
  return {
    pid: child.pid ?? -1,
    output: () => text,
    line: (pattern, withinMs = patient(90_000)) => waitForLine(child, () => text, pattern, withinMs),
    send: (line) => void child.stdin.write(`${line}\n`),
    signal: (name) => void child.kill(name),
    ended,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A script of the tree, under the Node that runs the test. */
export function startNode(script: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Running {
  return start(process.execPath, [script, ...args], { env });
}

async function waitForLine(child: ChildProcess, text: () => string, pattern: RegExp, withinMs: number) {
  const signal = AbortSignal.timeout(withinMs);
  for (;;) {
    const found = text()
      .split('\n')
      .find((line) => pattern.test(line));
    if (found !== undefined) return found;
    if (!running.has(child)) throw new Error(`ended without printing ${pattern}:\n${text()}`);
    try {
      await once(child, 'printed', { signal });
    } catch {
      throw new Error(`did not print ${pattern} within ${withinMs} ms:\n${text()}`);
    }
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
