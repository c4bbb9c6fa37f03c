// Keeps the messages of one query together on their way into PGlite. A query with parameters is five messages (parse, bind,
// describe, execute, sync); pglite-socket 0.2.17 queues them one by one, so when a large one arrives in parts, those of
// another connection come in between and replace the one unnamed statement of PGlite's one session: wrong results or
// "unnamed prepared statement does not exist". The server holds other connections back while PGlite says that it is inside a
// transaction; here it says so until the group is complete as well.
import type { PGlite } from '@electric-sql/pglite';

// https://www.postgresql.org/docs/current/protocol-message-formats.html
const OPENING = new Set([...'PBDEC'].map((type) => type.charCodeAt(0)));
const CLOSING = new Set([...'SQX'].map((type) => type.charCodeAt(0)));
const SYNC = new Uint8Array(['S'.charCodeAt(0), 0, 0, 0, 4]);

/** PGlite for a `PGLiteSocketServer`. `broken` is called when PGlite itself fails; it takes no query after that. */
export function serializeProtocolMessages(db: PGlite, broken: (error: unknown) => void): PGlite {
  let isOpen = false;
  const execProtocolRawStream: PGlite['execProtocolRawStream'] = async (message, options) => {
    const type = message[0] ?? 0;
    if (OPENING.has(type)) isOpen = true;
    if (CLOSING.has(type)) isOpen = false;
    try {
      await db.execProtocolRawStream(message, options);
    } catch (error) {
      // Errors of a query are answers, not exceptions. The server's queue stands still for ever after an exception.
      broken(error);
      throw error;
    }
  };
  // The server calls it when a connection ends inside a transaction, to roll back.
  const exec: PGlite['exec'] = async (query, options) => {
    if (isOpen) {
      isOpen = false;
      await db.execProtocolRaw(SYNC);
    }
    return db.isInTransaction() ? db.exec(query, options) : [];
  };
  const own: Readonly<Record<PropertyKey, unknown>> = {
    execProtocolRawStream,
    exec,
    isInTransaction: () => isOpen || db.isInTransaction(),
  };
  return new Proxy(db, {
    get(target, key) {
      if (Object.hasOwn(own, key)) return own[key];
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
