// XML -> a tree of elements, identified by namespace URI and never by prefix. saxes expands no
// declared entities and opens no external files. Salesforce sends no document type, so a document
// with one is refused before it is parsed.
import { SaxesParser, type SaxesTagNS } from 'saxes';

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
const DECLARATION = /<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)/i;
// An outbound message is six levels deep. The parser searches all open elements to resolve a
// prefix, so depth costs time.
const MAX_DEPTH = 12;
// 100 notifications with 500 fields each. A larger document is an attack on the parser.
const MAX_ELEMENTS = 50_000;
// An element has up to three attributes. The parser compares each with all others of its element.
const MAX_ATTRIBUTES = 50;

export interface QName {
  /** The namespace URI; '' = none. */
  readonly uri: string;
  readonly local: string;
}

export interface XmlElement extends QName {
  /** The value of `xsi:type`; null = none. */
  readonly type: QName | null;
  /** The element's own text including CDATA, trimmed. */
  readonly text: string;
  readonly children: readonly XmlElement[];
  /** Offsets of the element in the document. */
  readonly start: number;
  readonly end: number;
}

export type XmlResult =
  | { readonly kind: 'parsed'; readonly root: XmlElement }
  /** The document declares a document type, or an entity or element of one. */
  | { readonly kind: 'document-type' }
  | { readonly kind: 'malformed'; readonly reason: string };

/** Never throws. */
export function parseXml(document: string): XmlResult {
  if (DECLARATION.test(document)) return { kind: 'document-type' };
  if (hasTooManyAttributes(document)) return { kind: 'malformed', reason: 'An element has too many attributes.' };
  const tree = new Tree(document);
  try {
    const root = tree.read();
    return root === null ? { kind: 'malformed', reason: 'The XML has no element.' } : { kind: 'parsed', root };
  } catch {
    // The parser's own message quotes the document.
    return { kind: 'malformed', reason: `The XML is not well-formed, or has too many elements, at line ${tree.line}.` };
  }
}

export function childrenOf(element: XmlElement, uri: string, local: string): readonly XmlElement[] {
  return element.children.filter((child) => child.uri === uri && child.local === local);
}

/** The text of the only child with that name; null if there is no such child or more than one. */
export function textIn(element: XmlElement, uri: string, local: string): string | null {
  const [first, ...others] = childrenOf(element, uri, local);
  return first === undefined || others.length > 0 ? null : first.text;
}

/** Checked before parsing, in one pass. */
function hasTooManyAttributes(document: string): boolean {
  for (let at = document.indexOf('<'); at !== -1; at = document.indexOf('<', at + 1)) {
    if (document.startsWith('<![CDATA[', at)) at = document.indexOf(']]>', at);
    else if (document.startsWith('<!--', at)) at = document.indexOf('-->', at);
    else at = endOfTag(document, at);
    // The document ends inside a tag, which the parser refuses.
    if (at === -1) return false;
    if (at === Number.POSITIVE_INFINITY) return true;
  }
  return false;
}

/** @returns the offset of the `>`; -1: there is none; infinity: the tag has too many attributes */
function endOfTag(document: string, start: number): number {
  let attributes = 0;
  for (let at = start; at < document.length; at++) {
    const character = document[at];
    if (character === '>') return at;
    if (character === '=') attributes += 1;
    if (attributes > MAX_ATTRIBUTES) return Number.POSITIVE_INFINITY;
    if (character === '"' || character === "'") {
      at = document.indexOf(character, at + 1);
      if (at === -1) return -1;
    }
  }
  return -1;
}

class Tree {
  readonly #document: string;
  readonly #parser = new SaxesParser({ xmlns: true });
  readonly #open: OpenElement[] = [];
  #root: XmlElement | null = null;
  #start = 0;
  #count = 0;

  constructor(document: string) {
    this.#document = document;
  }

  get line(): number {
    return this.#parser.line;
  }

  /** @throws Error if the document is not well-formed or too large */
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
    if (this.#open.length >= MAX_DEPTH || this.#count > MAX_ELEMENTS) throw new Error('the document is too large');
    const { uri, local } = tag;
    this.#open.push({ uri, local, type: this.#typeOf(tag), texts: [], children: [], start: this.#start });
  }

  #typeOf({ attributes }: SaxesTagNS): QName | null {
    const typeAttribute = Object.values(attributes).find(({ uri, local }) => uri === XSI && local === 'type');
    if (typeAttribute === undefined) return null;
    const [prefix = '', local] = typeAttribute.value.trim().split(':');
    // A type without a prefix belongs to the default namespace.
    if (local === undefined) return { uri: this.#parser.resolve('') ?? '', local: prefix };
    return { uri: this.#parser.resolve(prefix) ?? '', local };
  }

  #finish(): void {
    const finished = this.#open.pop();
    if (finished === undefined) return;
    const { texts, ...element } = finished;
    const completed = { ...element, text: texts.join('').trim(), end: this.#parser.position };
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#root = completed;
    else parent.children.push(completed);
  }

  #add(text: string): void {
    this.#open.at(-1)?.texts.push(text);
  }
}

interface OpenElement extends QName {
  readonly type: QName | null;
  readonly texts: string[];
  readonly children: XmlElement[];
  readonly start: number;
}
