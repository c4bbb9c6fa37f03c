// The requests that the sandbox received, in order. Tests count calls and writes by it.
import { appendFileSync } from 'node:fs';

export interface LogEntry {
  readonly seq: number;
  /** ISO instant of the sandbox's clock at arrival. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly correlationId: string;
  /** Null until the response is sent, and forever if a fault suppressed the response. */
  status: number | null;
  /** `hung`, `reset` ...: the fault that was applied. */
  fault?: string;
  /** Record IDs in the body of a batch call. */
  ids?: readonly string[];
  /** The values of a batch update, accepted or not. */
  writes?: readonly { readonly id: string; readonly properties: Readonly<Record<string, unknown>> }[];
}

export class RequestLog {
  readonly #file: string | undefined;
  #entries: LogEntry[] = [];
  #seq = 0;

  /**
   * @param file every finished request is appended to this file as a JSON line; undefined = no file
   */
  constructor(file: string | undefined) {
    this.#file = file;
  }

  start(request: Pick<LogEntry, 'at' | 'method' | 'path' | 'query' | 'correlationId'>): LogEntry {
    this.#seq += 1;
    const entry: LogEntry = { seq: this.#seq, ...request, status: null };
    this.#entries.push(entry);
    return entry;
  }

  /** Called when a request has ended, with or without a response. */
  finish(entry: LogEntry): void {
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
