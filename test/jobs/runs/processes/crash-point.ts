// Preloaded into a process of the product: kills it (SIGKILL) before or after a statement of its database client, or
// after the commit of that statement's transaction.
import pg from 'pg';

const { CRASH_STATEMENT = '', CRASH_WHEN = 'before' } = process.env;
const pattern = new RegExp(CRASH_STATEMENT);
/** The clients whose open transaction contains the statement. */
const matched = new WeakSet<pg.Client>();

function crash(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  // The signal is not awaited: nothing more may be sent.
  return new Promise(() => undefined);
}

const { query } = pg.Client.prototype;
pg.Client.prototype.query = function watched(this: pg.Client, ...args: Parameters<typeof query>) {
  const [first] = args;
  const text = (typeof first === 'string' ? first : String(Reflect.get(Object(first), 'text') ?? '')).replaceAll(
    /\s+/g,
    ' ',
  );
  const isMatch = pattern.test(text);
  if (isMatch && CRASH_WHEN === 'before') return crash();
  if (isMatch) matched.add(this);
  const isLast = CRASH_WHEN === 'after' ? isMatch : /^ ?commit/i.test(text) && matched.has(this);
  const result: unknown = query.apply(this, args);
  return isLast && result instanceof Promise ? result.then(crash) : result;
} as typeof query;
