import { decodeXml } from './xml-entities.ts'
import { refuse } from './xml-refusal.ts'
import type { XmlObject } from './xml.ts'

/** Where the reading of a document is. */
export interface Cursor {
  readonly text: string
  at: number
}

/** What a start tag says. */
export interface StartTag {
  readonly name: string
  /** By `@name`; undefined where it has none. */
  readonly attributes: XmlObject | undefined
  /** True for `<a/>`. */
  readonly isEmpty: boolean
}

/** Reads the start tag at the cursor, and moves behind it. */
export function readStartTag(cursor: Cursor): StartTag {
  const { text, at: start } = cursor
  let at = endOfName(text, start + 1)
  if (at === start + 1) refuse(text, start, 'has a "<" that begins no tag')
  const name = text.slice(start + 1, at)
  let attributes: XmlObject | undefined
  for (;;) {
    const next = skipSpace(text, at)
    const code = text.charCodeAt(next)
    const isEmpty = code === SLASH && text.charCodeAt(next + 1) === GREATER
    if (isEmpty || code === GREATER) {
      cursor.at = isEmpty ? next + 2 : next + 1
      return { name, attributes, isEmpty }
    }
    const end = endOfName(text, next)
    if (next === at || end === next) refuse(text, start, 'has a tag that cannot be read')
    const key = `@${text.slice(next, end)}`
    cursor.at = end
    const value = readValue(cursor)
    at = cursor.at
    attributes ??= {}
    if (Object.hasOwn(attributes, key)) refuse(text, start, 'has an attribute twice in one tag')
    attributes[key] = value
  }
}

/** The index after white space; the same one where there is none. Line ends are `\n` by now. */
export function skipSpace(text: string, at: number): number {
  for (; ; at++) {
    const code = text.charCodeAt(at)
    if (code !== SPACE && code !== LINE && code !== TAB) return at
  }
}

/** The index after a name; the same one where none begins. https://www.w3.org/TR/xml/#NT-Name */
export function endOfName(text: string, start: number): number {
  let at = start
  let code = text.charCodeAt(at)
  if (isLetter(code)) {
    do code = text.charCodeAt(++at)
    // Digits, and the hyphen, the full stop and the colon beside them.
    while (isLetter(code) || (code >= 0x2d && code <= 0x3a && code !== SLASH))
    // Only names in other scripts need more.
    if (!(code >= 0x80)) return at
  }
  NAME.lastIndex = start
  return NAME.test(text) ? NAME.lastIndex : start
}

const TAB = 0x09
const LINE = 0x0a
const SPACE = 0x20
const QUOTE = 0x22
const AMPERSAND = 0x26
const APOSTROPHE = 0x27
const SLASH = 0x2f
const LESS = 0x3c
const EQUALS = 0x3d
const GREATER = 0x3e

const START =
  ':A-Z_a-z\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}'
const NAME = new RegExp(`[${START}][${START}\\-.0-9\\xb7\\u0300-\\u036f\\u203f\\u2040]*`, 'uy')

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f
}

/** Reads `="…"` at the cursor, and moves behind it. */
function readValue(cursor: Cursor): string {
  const { text, at } = cursor
  const equals = skipSpace(text, at)
  const start = skipSpace(text, equals + 1)
  const quote = text.charCodeAt(start)
  if (text.charCodeAt(equals) !== EQUALS || (quote !== QUOTE && quote !== APOSTROPHE))
    refuse(text, at, 'has an attribute without a value in quotes')
  let isPlain = true
  for (let end = start + 1; end < text.length; end++) {
    const code = text.charCodeAt(end)
    if (code === quote) {
      cursor.at = end + 1
      const value = text.slice(start + 1, end)
      // A line break or a tab in an attribute is a space (XML 1.0, section 3.3.3).
      return isPlain ? value : decodeXml(value.replace(/[\t\n]/g, ' '))
    }
    if (code === LESS) break
    if (code === AMPERSAND || code === LINE || code === TAB) isPlain = false
  }
  return refuse(text, at, 'has an attribute whose value does not end')
}
