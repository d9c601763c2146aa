import { XMLParser } from 'fast-xml-parser'
import { WebhookError } from '../../errors.ts'
import { dropPoison } from '../safe-keys.ts'
import { checkXml } from './xml-check.ts'
import type { XmlObject, XmlOptions } from './xml.ts'

/** Implements parseXml() of xml.ts. Only the first XML document of a process loads this module and the parser. */
export function read(text: string, { depth, option }: XmlOptions): XmlObject {
  const checked = checkXml(text, depth, option)
  // checkXml() found a root element, so the value is an object, not a text.
  const root = toValue(parse(checked)) as XmlObject
  return checked.includes('constructor') ? dropPoison(root) : root
}

// A node of the parser: an object whose first key is the element's name, `#text`, `#cdata` or `#comment`. Building our
// objects from these nodes is faster than letting the parser build objects.
interface Node {
  readonly ':@'?: Attributes
  readonly [name: string]: unknown
}

type Attributes = Record<string, string>

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype'])
// A prefix for names in `FORBIDDEN`, which the parser would reject or rename. No name in a document starts with this
// character, since checkXml() rejects it.
const DISGUISE = '\u0001'

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  cdataPropName: '#cdata',
  // Comments stay as nodes, so that the texts before and after a comment are decoded separately.
  commentPropName: '#comment',
  parseTagValue: false,
  trimValues: false,
  // decodeXml() decodes references instead. The parser would skip numeric references or expand too much.
  processEntities: false,
  maxNestedTags: Number.POSITIVE_INFINITY,
  // The parser needs paths only for callbacks that we do not use.
  jPath: false,
  // The parser rejects or renames names that are dangerous as members of an object. In the nodes that the parser builds
  // here, all names are safe. So a prefix hides these names from the parser.
  transformTagName: (name) => (FORBIDDEN.has(name) ? DISGUISE + name : name),
  onDangerousProperty: (name) => name,
})

function parse(text: string): readonly Node[] {
  try {
    return parser.parse(text) as readonly Node[]
  } catch (cause) {
    throw new WebhookError('malformed_body', { problem: 'not_xml' }, { cause })
  }
}

function toValue(nodes: readonly Node[], attributes?: Attributes): string | XmlObject {
  let object: XmlObject | undefined = attributes && decodeAll(attributes)
  let text = ''
  let hasElements = false
  for (const node of nodes) {
    const key = firstKey(node)
    if (key === '#text') text += decodeXml(node[key] as string)
    else if (key === '#cdata') text += (node[key] as readonly Node[])[0]!['#text'] as string
    else if (key !== '#comment') {
      const name = key.startsWith(DISGUISE) ? key.slice(1) : key
      add((object ??= {}), name, toValue(node[key] as readonly Node[], node[':@']))
      hasElements = true
    }
  }
  if (!object) return text
  // White space between elements is only layout, so it is dropped.
  if (hasElements ? /\S/.test(text) : text !== '') object['#text'] = text
  return object
}

/** Decodes the attributes in place, since the parser made the object only for this node. */
function decodeAll(attributes: Attributes): Attributes {
  for (const name in attributes) {
    const value = attributes[name]!
    // A line break or tab in an attribute counts as a space (XML 1.0, section 3.3.3).
    if (/[\t\n&]/.test(value)) attributes[name] = decodeXml(value.replace(/[\t\n]/g, ' '))
  }
  return attributes
}

function firstKey(node: Node): string {
  for (const key in node) return key
  return '#comment'
}

function add(object: XmlObject, name: string, value: string | XmlObject): void {
  if (!Object.hasOwn(object, name)) {
    // `__proto__` is skipped. It would change the prototype of this object, or of an object into which an app merges
    // this object.
    if (name !== '__proto__') object[name] = value
    return
  }
  const known = object[name]!
  if (Array.isArray(known)) known.push(value)
  else object[name] = [known, value]
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])
const NUMERIC = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/

/**
 * Returns the text with its references decoded in one pass: the five entities of XML, and numeric references to
 * characters that XML allows.
 *
 * @throws WebhookError `malformed_body` for any other reference, and for an ampersand that does not start a reference.
 */
function decodeXml(text: string): string {
  let next = text.indexOf('&')
  if (next === -1) return text
  let decoded = ''
  let copied = 0
  for (; next !== -1; next = text.indexOf('&', copied)) {
    const end = text.indexOf(';', next)
    if (end === -1) throw malformed('a reference after an ampersand')
    const name = text.slice(next + 1, end)
    decoded += text.slice(copied, next) + (NAMED.get(name) ?? character(name))
    copied = end + 1
  }
  return decoded + text.slice(copied)
}

/** Returns the character of a numeric reference, if XML allows it: https://www.w3.org/TR/xml/#charsets */
function character(reference: string): string {
  const [, hex, decimal] = NUMERIC.exec(reference) ?? []
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  const allowed =
    code === 0x9 ||
    code === 0xa ||
    code === 0xd ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  if (!allowed) throw malformed('references to what XML defines and allows')
  return String.fromCodePoint(code)
}

function malformed(expected: string): WebhookError {
  return new WebhookError('malformed_body', { problem: 'not_xml', expected })
}
