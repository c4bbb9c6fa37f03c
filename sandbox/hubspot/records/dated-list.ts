// Dated items, oldest first. Pages start after an anchor item, so items that are added between two
// pages shift no page.

export interface Dated {
  readonly id: string;
  /** Epoch ms. */
  readonly at: number;
}

export class DatedList<T extends Dated> {
  #items: T[] = [];
  #sorted = true;
  #added = 0;

  get length(): number {
    return this.#items.length;
  }

  /** The number of items ever added. */
  get added(): number {
    return this.#added;
  }

  add(item: T): void {
    this.#added += 1;
    const last = this.#items.at(-1);
    if (last && compare(last, item) > 0) this.#sorted = false;
    this.#items.push(item);
  }

  remove(isRemoved: (item: T) => boolean): void {
    this.#items = this.#items.filter((item) => !isRemoved(item));
  }

  /** All items, oldest first; equal dates by ID. */
  all(): readonly T[] {
    if (!this.#sorted) {
      this.#items.sort(compare);
      this.#sorted = true;
    }
    return this.#items;
  }

  /** The index of the first item at or after `at`. */
  lowerBound(at: number): number {
    return this.#search((item) => item.at >= at);
  }

  /**
   * Up to `limit` accepted items, and whether more follow.
   * @param options.after the last item of the previous page
   */
  page(options: {
    readonly descending: boolean;
    readonly after: Dated | null;
    readonly from: number;
    readonly to: number;
    readonly limit: number;
    readonly accept: (item: T) => boolean;
  }): { items: T[]; more: boolean } {
    const all = this.all();
    const { after, descending } = options;
    let low = this.lowerBound(options.from);
    let high = this.lowerBound(options.to);
    if (after && descending)
      high = Math.min(
        high,
        this.#search((item) => compare(item, after) >= 0),
      );
    if (after && !descending)
      low = Math.max(
        low,
        this.#search((item) => compare(item, after) > 0),
      );
    const items: T[] = [];
    for (let step = 0; step < high - low; step++) {
      const item = all[descending ? high - 1 - step : low + step];
      if (!item || !options.accept(item)) continue;
      if (items.length === options.limit) return { items, more: true };
      items.push(item);
    }
    return { items, more: false };
  }

  #search(isAtOrAfter: (item: T) => boolean): number {
    const all = this.all();
    let low = 0;
    let high = all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const item = all[middle];
      if (item && isAtOrAfter(item)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function compare(a: Dated, b: Dated): number {
  if (a.at !== b.at) return a.at - b.at;
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

/** The cursor that goes into `after`, before it is encoded. */
export function encodeAnchor(item: Dated): string {
  return `${item.at}|${item.id}`;
}

/** Null if the text is not a cursor. */
export function decodeAnchor(text: string): Dated | null {
  const [at = '', id = ''] = text.split('|');
  return /^-?\d+$/.test(at) && id !== '' ? { at: Number(at), id } : null;
}
