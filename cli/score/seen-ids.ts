// Finds ids that appear more than once, in bounded memory: a table of 53-bit hashes, 16 MB at most.

const MAX_IDS = 1_000_000;
const FIRST_SIZE = 1 << 12;

export class SeenIds {
  /** Open addressing; 0 is a free place. */
  #places = new Float64Array(FIRST_SIZE);
  #ids = 0;

  /** Whether the id was added before. Above a million ids: false for a new one. */
  add(id: string): boolean {
    const hash = hashOf(id);
    const place = this.#placeOf(this.#places, hash);
    if (this.#places[place] === hash) return true;
    if (this.#ids >= MAX_IDS) return false;
    this.#places[place] = hash;
    this.#ids++;
    if (this.#ids * 2 > this.#places.length) this.#grow();
    return false;
  }

  #placeOf(places: Float64Array, hash: number): number {
    const last = places.length - 1;
    let place = hash % places.length;
    while (places[place] !== 0 && places[place] !== hash) place = (place + 1) & last;
    return place;
  }

  #grow(): void {
    const grown = new Float64Array(this.#places.length * 2);
    for (const hash of this.#places) if (hash !== 0) grown[this.#placeOf(grown, hash)] = hash;
    this.#places = grown;
  }
}

/** 53 bits from two rounds of FNV-1a with different seeds; never 0. */
function hashOf(text: string): number {
  let [low, high] = [0x811c9dc5, 0x9dc5811c];
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x5bd1e995) ^ (high >>> 15);
  }
  return (high & 0x1fffff) * 0x1_0000_0000 + (low >>> 0) || 1;
}
