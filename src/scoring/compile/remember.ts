// Remembers the results of a pure function of one field by the value of that field. Leads share few titles, countries and paths,
// so that most conditions are evaluated once per value, not once per lead.
import { type Fields, type FieldValue, UNREADABLE } from '../../domain/lead.ts';
import { ownText } from '../../domain/texts/own-text.ts';

/** A full memory is emptied: the values that return are soon remembered again. */
const MAX_VALUES = 5_000;
/** Long texts and lists rarely return, and would fill the memory. */
const MAX_TEXT_LENGTH = 200;
const MAX_LIST_LENGTH = 20;

/**
 * @param compute a pure function whose results nothing changes
 * @param max the number of results that are remembered
 */
export function remember<K, T>(compute: (key: K) => T, max: number): (key: K) => T {
  const results = new Map<K, T>();
  return (key) => {
    const known = results.get(key);
    if (known !== undefined) return known;
    if (results.size >= max) results.clear();
    const result = compute(key);
    results.set(key, result);
    return result;
  };
}

/**
 * @param names the fields that `compute` reads; with more or less than one, nothing is remembered
 * @param compute a pure function whose results nothing changes
 */
export function rememberByField<T extends object>(
  names: readonly string[],
  compute: (fields: Fields) => T,
): (fields: Fields) => T {
  const [name] = names;
  if (name === undefined || names.length > 1) return compute;
  const memory = new Memory<T>();
  return (fields) => {
    const value = fields[name];
    // It equals an empty list, which is remembered by its elements.
    if (value === UNREADABLE) return compute(fields);
    return memory.get(value) ?? memory.set(value, compute(fields));
  };
}

type Element = Exclude<FieldValue, readonly unknown[]> | undefined;

/** Results by value. A list is a path of its elements, so that lists are equal by their elements. */
class Memory<T extends object> {
  readonly #results = new Map<Element, T>();
  readonly #lists: ListNode<T> = { result: undefined, next: new Map() };
  #listNodes = 0;

  get(value: FieldValue | undefined): T | undefined {
    if (!Array.isArray(value)) return this.#results.get(value);
    let node: ListNode<T> | undefined = this.#lists;
    for (const element of value) node = node?.next.get(element);
    return node?.result;
  }

  /** @returns the result */
  set(value: FieldValue | undefined, result: T): T {
    if (Array.isArray(value)) {
      if (value.length <= MAX_LIST_LENGTH && !value.some(isLong)) this.#setList(value, result);
    } else if (!isLong(value)) {
      if (this.#results.size >= MAX_VALUES) this.#results.clear();
      this.#results.set(typeof value === 'string' ? ownText(value) : value, result);
    }
    return result;
  }

  #setList(value: readonly Element[], result: T): void {
    if (this.#listNodes + value.length > MAX_VALUES) {
      this.#lists.next.clear();
      this.#listNodes = 0;
    }
    let node = this.#lists;
    for (const element of value) {
      let next = node.next.get(element);
      if (next === undefined) {
        next = { result: undefined, next: new Map() };
        node.next.set(element, next);
        this.#listNodes++;
      }
      node = next;
    }
    node.result = result;
  }
}

interface ListNode<T> {
  result: T | undefined;
  readonly next: Map<Element, ListNode<T>>;
}

function isLong(value: Element): boolean {
  return typeof value === 'string' && value.length > MAX_TEXT_LENGTH;
}
