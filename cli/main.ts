// Connects the command line to this process: streams, environment, exit code. Started by
// bin/leadgrade.js.
import { loadEnvironment } from './product/environment.ts';
import { runProgram } from './program.ts';
import { endAfterCommand, endAtSignals } from './terminal/shutdown-signal.ts';

// `npx leadgrade score | head`: the reader has closed the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

// Getters, because Node loads the modules of a stream when it is first used.
const io = {
  get stdin() {
    return process.stdin;
  },
  get stdout() {
    return process.stdout;
  },
  get stderr() {
    return process.stderr;
  },
  env: loadEnvironment(),
  clock: { now: () => new Date() },
  setExitCode: (code: number) => {
    process.exitCode = code;
  },
};

endAtSignals();
await runProgram(io, process.argv.slice(2));
endAfterCommand([process.stdout, process.stderr]);
