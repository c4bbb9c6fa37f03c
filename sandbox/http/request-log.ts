// What the sandbox received, in order and never rewritten: the oracle of tests that count calls and writes.
import { appendFileSync } from 'node:fs';

export interface LogEntry {
  readonly seq: number;
  /** ISO instant of the sandbox's clock at arrival. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly correlationId: string;
  /** Null while it is not answered, and for good when a fault swallowed the answer. */
  status: number | null;
  /** `hung`, `reset` ... when a fault spoiled the answer. */
  fault?: string;
  /** Ids in the body of a batch call. */
  ids?: readonly string[];
  /** What a batch update carried, whether or not it was accepted. */
  writes?: readonly { readonly id: string; readonly properties: Readonly<Record<string, unknown>> }[];
}

export class RequestLog {
  readonly #file: string | undefined;
  #entries: LogEntry[] = [];
  #seq = 0;

  /** @param file every finished request is appended to it as a line of JSON */
  constructor(file: string | undefined) {
    this.#file = file;
  }

  arrived(request: Pick<LogEntry, 'at' | 'method' | 'path' | 'query' | 'correlationId'>): LogEntry {
    this.#seq += 1;
    const entry: LogEntry = { seq: this.#seq, ...request, status: null };
    this.#entries.push(entry);
    return entry;
  }

  /** Called once a request is over, answered or not. */
  finished(entry: LogEntry): void {
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  /** @param since a `seq`, or an ISO instant; absent: from the beginning */
  entries(since?: string): readonly LogEntry[] {
    if (since === undefined) return this.#entries;
    const seq = Number(since);
    if (Number.isInteger(seq)) return this.#entries.filter((entry) => entry.seq > seq);
    const from = Date.parse(since);
    return this.#entries.filter((entry) => Date.parse(entry.at) >= from);
  }

  reset(): void {
    this.#entries = [];
  }
}
