// XML -> a tree of elements, told apart by the address of their namespace and never by a prefix. saxes expands no entity that a document
// declares and opens nothing; as Salesforce sends no document type, one is refused before anything is parsed.
import { SaxesParser, type SaxesTagNS } from 'saxes';

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
const DECLARATION = /<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)/i;
// An outbound message is six deep. To resolve a prefix the parser looks through all elements that are open.
const MOST_DEPTH = 12;
// A hundred notifications with 500 fields each; what has more is only meant to keep us busy.
const MOST_ELEMENTS = 50_000;

export interface QName {
  /** The address of its namespace; '' = none. */
  readonly uri: string;
  readonly local: string;
}

export interface XmlElement extends QName {
  /** What its `xsi:type` names; null = it has none. */
  readonly type: QName | null;
  /** Its own text, CDATA included, without white space around it. */
  readonly text: string;
  readonly children: readonly XmlElement[];
  /** Where it begins and ends in the document. */
  readonly start: number;
  readonly end: number;
}

export type ReadXml =
  | { readonly kind: 'read'; readonly root: XmlElement }
  /** It declares a document type, or something in one. */
  | { readonly kind: 'declares' }
  | { readonly kind: 'malformed'; readonly reason: string };

/** Never throws. */
export function readXml(document: string): ReadXml {
  if (DECLARATION.test(document)) return { kind: 'declares' };
  const tree = new Tree(document);
  try {
    const root = tree.read();
    return root === null ? { kind: 'malformed', reason: 'The XML has no element.' } : { kind: 'read', root };
  } catch {
    // The parser's own words quote the document.
    return { kind: 'malformed', reason: `The XML is not well-formed, or has too many elements, at line ${tree.line}.` };
  }
}

export function childrenOf(element: XmlElement, uri: string, local: string): readonly XmlElement[] {
  return element.children.filter((child) => child.uri === uri && child.local === local);
}

/** The text of its only child of that name; null: it has none, or several. */
export function textIn(element: XmlElement, uri: string, local: string): string | null {
  const [only, ...more] = childrenOf(element, uri, local);
  return only === undefined || more.length > 0 ? null : only.text;
}

class Tree {
  readonly #document: string;
  readonly #parser = new SaxesParser({ xmlns: true });
  readonly #open: Growing[] = [];
  #root: XmlElement | null = null;
  #start = 0;
  #count = 0;

  constructor(document: string) {
    this.#document = document;
  }

  get line(): number {
    return this.#parser.line;
  }

  /** @throws Error for what is not well-formed, or too large */
  read(): XmlElement | null {
    const parser = this.#parser;
    parser.on('opentagstart', () => {
      this.#start = this.#document.lastIndexOf('<', parser.position - 1);
    });
    parser.on('opentag', (tag) => this.#begin(tag));
    parser.on('closetag', () => this.#finish());
    parser.on('text', (text) => this.#add(text));
    parser.on('cdata', (text) => this.#add(text));
    parser.write(this.#document).close();
    return this.#root;
  }

  #begin(tag: SaxesTagNS): void {
    this.#count += 1;
    if (this.#open.length >= MOST_DEPTH || this.#count > MOST_ELEMENTS) throw new Error('the document is too large');
    const { uri, local } = tag;
    this.#open.push({ uri, local, type: this.#typeOf(tag), texts: [], children: [], start: this.#start });
  }

  #typeOf({ attributes }: SaxesTagNS): QName | null {
    const named = Object.values(attributes).find((each) => each.uri === XSI && each.local === 'type');
    if (named === undefined) return null;
    const [prefix = '', local] = named.value.trim().split(':');
    // Without a prefix it is of the default namespace.
    if (local === undefined) return { uri: this.#parser.resolve('') ?? '', local: prefix };
    return { uri: this.#parser.resolve(prefix) ?? '', local };
  }

  #finish(): void {
    const finished = this.#open.pop();
    if (finished === undefined) return;
    const { texts, ...element } = finished;
    const whole = { ...element, text: texts.join('').trim(), end: this.#parser.position };
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#root = whole;
    else parent.children.push(whole);
  }

  #add(text: string): void {
    this.#open.at(-1)?.texts.push(text);
  }
}

interface Growing extends QName {
  readonly type: QName | null;
  readonly texts: string[];
  readonly children: XmlElement[];
  readonly start: number;
}
