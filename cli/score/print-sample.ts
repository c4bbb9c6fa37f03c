// Prints how often each case and signal of the model matches in the file.
import { printSample } from '../../src/review/print-sample.ts';
import { Sample } from '../../src/review/sample.ts';
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import type { CommandIo } from '../terminal/io.ts';
import { writeWithBackpressure } from '../terminal/write-stream.ts';
import type { Output } from './entries.ts';

export function printSampleReport(io: CommandIo, model: CompiledModel, outcomeName: string, json: boolean): Output {
  const sample = new Sample(model);
  return {
    add: async (entry) => {
      if (!('error' in entry)) sample.add(entry.lead, entry.result, entry.outcome);
    },
    finish: async ({ refused }) => {
      const report = sample.report();
      const text = json ? `${JSON.stringify({ ...report, refused })}\n` : printSample(report, outcomeName);
      await writeWithBackpressure(io.stdout, text);
    },
    discard: async () => undefined,
  };
}
