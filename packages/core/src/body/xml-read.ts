import { dropPoison } from './safe-keys.ts'
import { decodeXml } from './xml-entities.ts'
import { refuse, refuseDepth } from './xml-refusal.ts'
import { endOfName, readStartTag, skipSpace, type Cursor } from './xml-tag.ts'
import type { XmlObject, XmlOptions } from './xml.ts'

/** An element whose end tag has not come yet; the one around the root has no name. */
interface Open {
  readonly name: string
  readonly outer: Open | undefined
  object: XmlObject | undefined
  text: string
  hasElements: boolean
}

/**
 * See parseXml() in xml.ts, which loads this module when the first XML comes. One pass checks and builds, so that no two
 * readers can disagree on where a tag or a section ends; it does not recurse.
 */
export function read(source: string, { depth }: XmlOptions): XmlObject {
  const text = normalize(source)
  const cursor: Cursor = { text, at: 0 }
  const root: XmlObject = {}
  const document = open('', undefined, root)
  let inner = document
  let level = 0
  let bracket = text.indexOf(']]>')
  for (;;) {
    const { at } = cursor
    const next = text.indexOf('<', at)
    const end = next === -1 ? text.length : next
    if (bracket !== -1 && bracket < end) {
      if (bracket < at) bracket = text.indexOf(']]>', at)
      if (bracket !== -1 && bracket < end) refuse(text, bracket, 'has "]]>" in its text')
    }
    if (end > at) {
      if (level > 0) inner.text += decodeXml(text.slice(at, end))
      else if (skipSpace(text, at) < end) refuse(text, at, 'has text outside its root element')
    }
    if (next === -1) break
    cursor.at = next
    const mark = text.charCodeAt(next + 1)
    if (mark === SLASH) {
      if (level-- === 0) refuse(text, next, 'has an end tag without a start tag')
      readEndTag(cursor, inner.name)
      inner = close(inner)
    } else if (mark === EXCLAMATION) {
      readDeclared(cursor, level > 0 ? inner : undefined)
    } else if (mark === QUESTION) {
      skipInstruction(cursor)
    } else {
      if (level === 0 && inner.hasElements) refuse(text, next, 'has more than one root element')
      if (level >= depth) refuseDepth(depth)
      const { name, attributes, isEmpty } = readStartTag(cursor)
      inner.hasElements = true
      if (isEmpty) add((inner.object ??= {}), name, attributes ?? '')
      else {
        inner = open(name, inner, attributes)
        level++
      }
    }
  }
  if (level > 0) refuse(text, text.length, 'ends before its root element does')
  if (!document.hasElements) refuse(text, text.length, 'has no root element')
  return text.includes('constructor') ? dropPoison(root) : root
}

const EXCLAMATION = 0x21
const SLASH = 0x2f
const GREATER = 0x3e
const QUESTION = 0x3f

const DECLARATION =
  /^<\?xml\s+version\s*=\s*(?:"1\.\d"|'1\.\d')(?:\s+encoding\s*=\s*(?:"[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>/
// oxlint-disable-next-line no-control-regex -- these are the characters XML does not allow
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/

/** Without its byte order mark, and with line ends as `\n` (XML 1.0, section 2.11). */
function normalize(source: string): string {
  const text = source.charCodeAt(0) === 0xfeff ? source.slice(1) : source
  const forbidden = text.search(FORBIDDEN)
  if (forbidden !== -1) refuse(text, forbidden, 'has a character that XML does not allow')
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
}

function open(name: string, outer: Open | undefined, object: XmlObject | undefined): Open {
  return { name, outer, object, text: '', hasElements: false }
}

/** Puts a whole element into the one around it, and gives that one back. */
function close({ name, outer, object, text, hasElements }: Open): Open {
  // White space between elements is only layout.
  if (object && (hasElements ? /\S/.test(text) : text !== '')) add(object, '#text', text)
  add((outer!.object ??= {}), name, object ?? text)
  return outer!
}

function add(object: XmlObject, name: string, value: string | XmlObject): void {
  if (!Object.hasOwn(object, name)) {
    // It would change the prototype, here or where the value is merged into another object.
    if (name !== '__proto__') object[name] = value
    return
  }
  const known = object[name]!
  if (Array.isArray(known)) known.push(value)
  else object[name] = [known, value]
}

function readEndTag(cursor: Cursor, name: string): void {
  const { text, at } = cursor
  const end = skipSpace(text, at + 2 + name.length)
  if (!text.startsWith(name, at + 2) || text.charCodeAt(end) !== GREATER)
    refuse(text, at, 'has an end tag that does not end its element')
  cursor.at = end + 1
}

/** A comment or a CDATA section. */
function readDeclared(cursor: Cursor, inner: Open | undefined): void {
  const { text, at } = cursor
  if (text.startsWith('<!--', at)) {
    const dashes = skipTo(cursor, '--', at + 4)
    if (text.charCodeAt(dashes + 2) !== GREATER) refuse(text, at, 'has two hyphens in a comment')
    cursor.at++
  } else if (text.startsWith('<![CDATA[', at)) {
    if (inner === undefined) return refuse(text, at, 'has text outside its root element')
    inner.text += text.slice(at + 9, skipTo(cursor, ']]>', at + 9))
  } else if (text.startsWith('<!DOCTYPE', at)) {
    refuse(text, at, 'has a DOCTYPE, which is not taken from the network')
  } else refuse(text, at, 'has a "<" that begins no tag')
}

function skipInstruction(cursor: Cursor): void {
  const { text, at } = cursor
  const end = endOfName(text, at + 2)
  const isDeclaration = text.slice(at + 2, end).toLowerCase() === 'xml'
  if (
    isDeclaration
      ? at > 0 || !DECLARATION.test(text)
      : skipSpace(text, end) === end && !text.startsWith('?>', end)
  )
    refuse(text, at, 'has a declaration or processing instruction that cannot be read')
  skipTo(cursor, '?>', end)
}

/** Moves the cursor behind the next such mark, and gives the place of the mark. */
function skipTo(cursor: Cursor, mark: string, from: number): number {
  const { text, at } = cursor
  const found = text.indexOf(mark, from)
  if (found === -1) refuse(text, at, 'has a comment, section or instruction without an end')
  cursor.at = found + mark.length
  return found
}
