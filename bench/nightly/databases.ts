// The databases of a benchmark on one server; all are dropped at its end.
import { onServer } from '../../test/support/servers.ts';

export interface BenchDatabases {
  /** @param template the name of a database to copy. @returns the URL of the new one */
  create(name: string, template?: string): Promise<string>;
  delete(url: string): Promise<void>;
  deleteAll(): Promise<void>;
}

export function benchDatabases(server: string): BenchDatabases {
  const created = new Set<string>();
  const remove = async (url: string) => {
    await onServer(server, `drop database if exists ${nameOf(url)} with (force)`);
    created.delete(url);
  };
  return {
    create: async (name, template) => {
      const url = new URL(server);
      url.pathname = `/leadgrade_bench_${name}_${process.pid}`;
      created.add(url.href);
      const copy = template === undefined ? '' : ` template ${template}`;
      await onServer(server, `create database ${nameOf(url.href)}${copy}`);
      return url.href;
    },
    delete: remove,
    deleteAll: async () => {
      for (const url of created) await remove(url);
    },
  };
}

/** The name of the database of a URL. */
export function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}
