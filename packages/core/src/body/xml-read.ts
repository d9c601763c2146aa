import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { WebhookError } from '../errors.ts'
import { dropPoison } from './safe-keys.ts'
import { checkXml } from './xml-check.ts'
import { decodeXml } from './xml-entities.ts'
import type { XmlObject, XmlOptions } from './xml.ts'

/** See parseXml() in xml.ts, which loads this module and the parser with it when the first XML comes. */
export function read(text: string, { depth }: XmlOptions): XmlObject {
  const checked = checkXml(text, depth)
  const valid = XMLValidator.validate(checked)
  if (valid !== true) {
    // Its message quotes names of the document, the place does not.
    const { line, col } = valid.err
    throw new WebhookError(
      'malformed_body',
      `the XML body is not well-formed at line ${line}${col ? `, column ${col}` : ''}`,
    )
  }
  const root: XmlObject = {}
  for (const node of parse(checked, depth)) addNode(root, node)
  return SUSPECT.test(checked) ? dropPoison(root) : root
}

// Names that dropPoison() may have to drop.
const SUSPECT = /__proto__|constructor/

// With `preserveOrder` each node is an object with one key: the element's name, `#text` or `#cdata`. Entities are left
// to decodeXml(): the parser's own decoder skips numeric references or expands too much, depending on its options.
interface Node {
  readonly '#text'?: string
  readonly [name: string]: unknown
}

function parse(text: string, depth: number): readonly Node[] {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    cdataPropName: '#cdata',
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    processEntities: false,
    maxNestedTags: depth,
    // Paths are only for callbacks we do not use, and cost more than the parsing.
    jPath: false,
    // The parser refuses or renames names that are dangerous on the objects it builds; ours are built below.
    transformTagName: (name) => (FORBIDDEN.has(name) ? DISGUISE + name : name),
    onDangerousProperty: (name) => name,
  } as ConstructorParameters<typeof XMLParser>[0])
  try {
    return parser.parse(text) as readonly Node[]
  } catch (cause) {
    throw new WebhookError('malformed_body', 'the XML body cannot be parsed', { cause })
  }
}

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype'])
// A character no document has, since checkXml() refuses it.
const DISGUISE = '\u0001'

function addNode(parent: XmlObject, node: Node): void {
  for (const key in node) {
    if (key === ':@') continue
    const name = key.startsWith(DISGUISE) ? key.slice(1) : key
    add(parent, name, toValue(node[key] as readonly Node[], node[':@'] as Attributes | undefined))
  }
}

type Attributes = Readonly<Record<string, string>>

function toValue(
  children: readonly Node[],
  attributes: Attributes | undefined,
): string | XmlObject {
  let object = attributes && toObject(attributes)
  let text = ''
  let hasElements = false
  for (const child of children) {
    const plain = child['#text']
    if (plain !== undefined) text += decodeXml(plain)
    else if (child['#cdata'] !== undefined) text += cdata(child['#cdata'] as readonly Node[])
    else {
      addNode((object ??= {}), child)
      hasElements = true
    }
  }
  if (!object) return text
  // White space between elements is only layout.
  if (hasElements ? /\S/.test(text) : text !== '') add(object, '#text', text)
  return object
}

function toObject(attributes: Attributes): XmlObject {
  const object: XmlObject = {}
  for (const name in attributes) {
    // A line break or a tab in an attribute is a space (XML 1.0, section 3.3.3).
    add(object, name, decodeXml(attributes[name]!.replace(/[\t\n\r]/g, ' ')))
  }
  return object
}

function cdata(nodes: readonly Node[]): string {
  return nodes.map((node) => String(node['#text'])).join('')
}

function add(object: XmlObject, name: string, value: string | XmlObject): void {
  if (!Object.hasOwn(object, name)) {
    if (name !== '__proto__') object[name] = value
    // An assignment would change the prototype.
    else Object.defineProperty(object, name, { value, ...PLAIN })
    return
  }
  const known = object[name]!
  if (Array.isArray(known)) known.push(value)
  else object[name] = [known, value]
}

const PLAIN = { writable: true, enumerable: true, configurable: true }
