import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { WebhookError } from '../errors.ts'
import { dropPoison } from './safe-keys.ts'
import { checkXml } from './xml-check.ts'
import { decodeXml } from './xml-entities.ts'
import type { XmlObject, XmlOptions, XmlValue } from './xml.ts'

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
  return dropPoison(root)
}

// With `preserveOrder` each node is an object with one key: the element's name, `#text` or `#cdata`. Entities are left
// to decodeXml(): the parser's own decoder skips numeric references or expands too much, depending on its options.
type Node = Readonly<Record<string, unknown>>

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
  for (const key of Object.keys(node)) {
    if (key === ':@') continue
    const name = key.startsWith(DISGUISE) ? key.slice(1) : key
    add(
      parent,
      name,
      toValue(
        node[key] as readonly Node[],
        node[':@'] as Readonly<Record<string, string>> | undefined,
      ),
    )
  }
}

function toValue(
  children: readonly Node[],
  attributes: Readonly<Record<string, string>> | undefined,
): string | XmlObject {
  const object: XmlObject = {}
  let isObject = false
  for (const name of Object.keys(attributes ?? {})) {
    // A line break or a tab in an attribute is a space (XML 1.0, section 3.3.3).
    add(object, name, decodeXml((attributes?.[name] ?? '').replace(/[\t\n\r]/g, ' ')))
    isObject = true
  }
  let text = ''
  let hasElements = false
  for (const child of children) {
    if ('#text' in child) text += decodeXml(String(child['#text']))
    else if ('#cdata' in child) text += cdata(child['#cdata'] as readonly Node[])
    else {
      addNode(object, child)
      hasElements = isObject = true
    }
  }
  if (!isObject) return text
  // White space between elements is only layout.
  if (hasElements ? /\S/.test(text) : text !== '') add(object, '#text', text)
  return object
}

function cdata(nodes: readonly Node[]): string {
  return nodes.map((node) => String(node['#text'])).join('')
}

function add(object: XmlObject, name: string, value: string | XmlObject): void {
  const known: XmlValue | undefined = Object.hasOwn(object, name) ? object[name] : undefined
  if (known === undefined) {
    // Not an assignment, which for `__proto__` would change the prototype.
    Object.defineProperty(object, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  } else if (Array.isArray(known)) known.push(value)
  else object[name] = [known, value]
}
