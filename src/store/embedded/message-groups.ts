// Keeps the protocol messages of one query together. A query with parameters is five messages
// (parse, bind, describe, execute, sync), and pglite-socket 0.2.17 queues them one by one. When a
// large one arrives in parts, messages of another connection get in between and replace the one
// unnamed statement of PGlite's one session: wrong results, or "unnamed prepared statement does not
// exist". The server delays other connections while PGlite reports an open transaction, so this
// wrapper reports one until the group is complete.
import type { PGlite } from '@electric-sql/pglite';

// https://www.postgresql.org/docs/current/protocol-message-formats.html
const OPENING = new Set([...'PBDEC'].map((type) => type.charCodeAt(0)));
const CLOSING = new Set([...'SQX'].map((type) => type.charCodeAt(0)));
const SYNC = new Uint8Array(['S'.charCodeAt(0), 0, 0, 0, 4]);

/** @param onFailure is called if PGlite itself fails; it accepts no query after that */
export function serializeProtocolMessages(db: PGlite, onFailure: (error: unknown) => void): PGlite {
  let isOpen = false;
  const execProtocolRawStream: PGlite['execProtocolRawStream'] = async (message, options) => {
    const type = message[0] ?? 0;
    if (OPENING.has(type)) isOpen = true;
    if (CLOSING.has(type)) isOpen = false;
    try {
      await db.execProtocolRawStream(message, options);
    } catch (error) {
      // An error of a query is a normal response. After an exception, the server's queue never
      // continues.
      onFailure(error);
      throw error;
    }
  };
  // The server calls this to roll back when a connection ends inside a transaction.
  const exec: PGlite['exec'] = async (query, options) => {
    if (isOpen) {
      isOpen = false;
      await db.execProtocolRaw(SYNC);
    }
    return db.isInTransaction() ? db.exec(query, options) : [];
  };
  const overrides: Readonly<Record<PropertyKey, unknown>> = {
    execProtocolRawStream,
    exec,
    isInTransaction: () => isOpen || db.isInTransaction(),
  };
  return new Proxy(db, {
    get(target, key) {
      if (Object.hasOwn(overrides, key)) return overrides[key];
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
