import { WebhookError } from '../../errors.ts'

const DECLARATION =
  /^<\?xml\s+version\s*=\s*(?:"1\.\d"|'1\.\d')(?:\s+encoding\s*=\s*(?:"[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>/
// oxlint-disable-next-line no-control-regex -- these are the characters XML does not allow
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
// Characters that can start a name: https://www.w3.org/TR/xml/#NT-Name, without U+1680 and U+FEFF, which the parser
// reads as white space.
const START =
  ':A-Z_a-z\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\u02ff\\u0370-\\u037d\\u037f-\\u167f\\u1681-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufefe\\uff00-\\ufffd'
const NAME = `[${START}][${START}\\-.0-9\\xb7\\u0300-\\u036f\\u203f\\u2040]*`
const TAG_NAME = new RegExp(`<${NAME}`, 'y')
const ATTRIBUTE = new RegExp(`[ \\t\\n]+(${NAME})[ \\t\\n]*=[ \\t\\n]*(?:"[^"<]*"|'[^'<]*')`, 'y')
const TAG_END = /[ \t\n]*\/?>/y
const INSTRUCTION = new RegExp(`<\\?${NAME}(?=[ \\t\\n]|\\?>)`, 'y')

/**
 * Checks that a document is well-formed and has no DOCTYPE, since the parser accepts nearly everything. References such
 * as `&amp;` are checked later, in xml-read.ts. Returns the document with line ends as `\n` (XML 1.0, section 2.11).
 * Each processing instruction becomes an empty comment, because the parser looks for the end of the instruction
 * incorrectly if the instruction contains quotes.
 *
 * @throws WebhookError `malformed_body` with the line number, or `too_deep`.
 */
export function checkXml(source: string, maxDepth: number, option = 'limits.depth'): string {
  let text = source.charCodeAt(0) === 0xfeff ? source.slice(1) : source
  if (text.includes('\r')) text = text.replace(/\r\n?/g, '\n')
  const forbidden = text.search(FORBIDDEN)
  if (forbidden !== -1) reject(text, forbidden, 'characters that XML allows')

  let checked = ''
  let copied = 0
  let at = 0
  let hasRoot = false
  const elements: string[] = []
  let bracket = text.indexOf(']]>')
  for (;;) {
    const open = text.indexOf('<', at)
    const end = open === -1 ? text.length : open
    if (elements.length === 0 && !isSpace(text, at, end))
      reject(text, at, 'no text outside of the root element')
    if (bracket !== -1 && bracket < at) bracket = text.indexOf(']]>', at)
    if (bracket !== -1 && bracket < end) reject(text, bracket, 'no "]]>" in text')
    if (open === -1) break
    const sign = text[open + 1]
    if (sign === '/') {
      const name = elements.pop()
      at = after(text, '>', open, 'an end tag')
      const tail = open + 2 + (name?.length ?? 0)
      if (name === undefined || !text.startsWith(name, open + 2) || !isSpace(text, tail, at - 1))
        reject(text, open, 'an end tag for each element')
    } else if (sign === '?') {
      const target = skip(INSTRUCTION, text, open)
      const isDeclaration = text.slice(open, target).toLowerCase() === '<?xml'
      if (target === open || (isDeclaration && (open > 0 || !DECLARATION.test(text))))
        reject(text, open, 'a whole declaration or processing instruction')
      at = after(text, '?>', target, 'a processing instruction')
      checked += `${text.slice(copied, open)}<!---->`
      copied = at
    } else if (sign === '!') {
      at = endOfSection(text, open, elements.length === 0)
    } else {
      const name = skip(TAG_NAME, text, open)
      if (name === open) reject(text, open, 'a tag after "<"')
      if (hasRoot && elements.length === 0) reject(text, open, 'one root element')
      if (elements.length >= maxDepth) {
        throw new WebhookError('too_deep', {
          problem: 'too_deep',
          got: 'XML',
          option,
          limit: maxDepth,
        })
      }
      hasRoot = true
      at = text[name] === '>' ? name + 1 : endOfTag(text, open, name)
      if (text[at - 2] !== '/') elements.push(text.slice(open + 1, name))
    }
  }
  if (!hasRoot) reject(text, text.length, 'one root element')
  if (elements.length > 0) reject(text, text.length, 'the end of the root element')
  return checked + text.slice(copied)
}

function endOfSection(text: string, open: number, isOutside: boolean): number {
  if (text.startsWith('<!--', open)) {
    const dashes = after(text, '--', open + 4, 'a comment')
    return text[dashes] === '>' ? dashes + 1 : reject(text, open, 'no two hyphens in a comment')
  }
  if (text.startsWith('<!DOCTYPE', open))
    return reject(text, open, 'no DOCTYPE, which is not accepted from the network')
  if (!text.startsWith('<![CDATA[', open)) return reject(text, open, 'a tag after "<"')
  if (isOutside) reject(text, open, 'no text outside of the root element')
  return after(text, ']]>', open + 9, 'a CDATA section')
}

function endOfTag(text: string, open: number, start: number): number {
  let at = start
  const names: string[] = []
  for (;;) {
    ATTRIBUTE.lastIndex = at
    const found = ATTRIBUTE.exec(text)
    if (found === null) break
    names.push(found[1]!)
    at = ATTRIBUTE.lastIndex
  }
  const end = skip(TAG_END, text, at)
  if (end === at) reject(text, open, 'a whole tag')
  if (names.length > 1 && new Set(names).size < names.length)
    reject(text, open, 'each attribute once in a tag')
  return end
}

/** Returns the index after the sticky pattern's match at `at`, or `at` if the pattern does not match there. */
function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

function after(text: string, mark: string, start: number, what: string): number {
  const found = text.indexOf(mark, start)
  return found === -1 ? reject(text, start, `the end of ${what}`) : found + mark.length
}

function isSpace(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code !== 0x20 && code !== 0x0a && code !== 0x09) return false
  }
  return true
}

/** Throws `malformed_body`. The message has the line number, but quotes nothing of the document. */
function reject(text: string, at: number, expected: string): never {
  const line = text.slice(0, at).split('\n').length
  throw new WebhookError('malformed_body', { problem: 'not_xml', expected, got: line })
}
