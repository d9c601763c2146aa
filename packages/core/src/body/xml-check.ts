import { WebhookError } from '../errors.ts'

const DECLARATION =
  /^<\?xml\s+version\s*=\s*(?:"1\.\d"|'1\.\d')(?:\s+encoding\s*=\s*(?:"[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>/
// oxlint-disable-next-line no-control-regex -- these are the characters XML does not allow
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
// Names are left to the validator; these see where a tag ends and that it has nothing but whole attributes.
const TAG_NAME = /<[^\s"'=/<>&!?]+/y
const ATTRIBUTE = /[ \t\n]+[^\s"'=/<>&]+[ \t\n]*=[ \t\n]*(?:"[^"<]*"|'[^'<]*')/y
const TAG_END = /[ \t\n]*\/?>/y
const INSTRUCTION = /<\?[:_\p{L}][-:_.\p{L}\p{N}]*(?=[ \t\n]|\?>)/uy

/**
 * Checks what the parser and its validator let pass, before anything is built: characters XML does not allow, DOCTYPE,
 * sections that do not end, text or elements beside the root, nesting. Gives the document back with line ends as `\n`
 * (XML 1.0, section 2.11) and with an empty comment for each processing instruction, since the parser takes quotes in
 * them for strings and so may see another end of them than XML does.
 *
 * @throws WebhookError `malformed_body`, `too_deep`.
 */
export function checkXml(source: string, maxDepth: number): string {
  let text = source.charCodeAt(0) === 0xfeff ? source.slice(1) : source
  if (FORBIDDEN.test(text)) refuse('has a character that XML does not allow')
  if (text.includes('\r')) text = text.replace(/\r\n?/g, '\n')

  let checked = ''
  let copied = 0
  let depth = 0
  let roots = 0
  let at = 0
  let bracket = text.indexOf(']]>')
  for (;;) {
    const open = text.indexOf('<', at)
    const end = open === -1 ? text.length : open
    if (depth === 0 && !isSpace(text, at, end)) refuse('has text outside its root element')
    if (bracket !== -1 && bracket < at) bracket = text.indexOf(']]>', at)
    if (bracket !== -1 && bracket < end) refuse('has "]]>" in its text')
    if (open === -1) break
    if (text.startsWith('<!--', open)) {
      const dashes = after(text, '--', open + 4, 'a comment')
      if (text[dashes] !== '>') refuse('has two hyphens in a comment')
      at = dashes + 1
    } else if (text.startsWith('<![CDATA[', open)) {
      if (depth === 0) refuse('has text outside its root element')
      at = after(text, ']]>', open + 9, 'a CDATA section')
    } else if (text.startsWith('<!DOCTYPE', open)) {
      refuse('has a DOCTYPE, which is not taken from the network')
    } else if (text.startsWith('<?', open)) {
      const target = skip(INSTRUCTION, text, open)
      if (target === open) refuse('has a processing instruction that cannot be read')
      at = after(text, '?>', target, 'a processing instruction')
      if (
        /^<\?xml[\s?]/i.test(text.slice(open, open + 6)) &&
        (open > 0 || !DECLARATION.test(text))
      ) {
        refuse('has a misplaced or unreadable XML declaration')
      }
      checked += `${text.slice(copied, open)}<!---->`
      copied = at
    } else if (text.startsWith('</', open)) {
      at = after(text, '>', open + 2, 'an end tag')
      if (--depth < 0) refuse('has an end tag without a start tag')
    } else {
      at = endOfTag(text, open)
      if (depth === 0 && ++roots > 1) refuse('has more than one root element')
      if (depth >= maxDepth) {
        throw new WebhookError(
          'too_deep',
          `the XML body is nested deeper than limits.depth (${maxDepth})`,
        )
      }
      if (text[at - 2] !== '/') depth++
    }
  }
  if (roots === 0) refuse('has no root element')
  if (depth > 0) refuse('ends before its root element does')
  return checked + text.slice(copied)
}

function endOfTag(text: string, open: number): number {
  let at = skip(TAG_NAME, text, open)
  if (at === open) refuse('has a "<" that begins no tag')
  for (let next = skip(ATTRIBUTE, text, at); next !== at; next = skip(ATTRIBUTE, text, at))
    at = next
  const end = skip(TAG_END, text, at)
  return end === at ? refuse('has a tag that cannot be read') : end
}

/** The index after what the sticky pattern matches, or the same index where it matches nothing. */
function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

function after(text: string, mark: string, start: number, what: string): number {
  const found = text.indexOf(mark, start)
  return found === -1 ? refuse(`ends within ${what}`) : found + mark.length
}

function isSpace(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code !== 0x20 && code !== 0x0a && code !== 0x09 && code !== 0x0d) return false
  }
  return true
}

function refuse(reason: string): never {
  throw new WebhookError('malformed_body', `the XML body ${reason}`)
}
