import { MASK, type TextSpan, type TextSpans } from './masked.ts'
import type { CredentialPlace } from './places.ts'

/** The texts at places of an XML body, whose prefixes are the sender's own: `Envelope.Body.notifications.SessionId`. */
export function elementsIn(text: string, places: CredentialPlace): TextSpans {
  const spans: TextSpan[] = []
  /** Open elements, each with its name, place and path. */
  const stack: {
    readonly name: string
    readonly place: CredentialPlace | undefined
    readonly path: string
  }[] = []
  /** Where the text of a credential begins. */
  let from = -1
  let at = text.indexOf('<')
  while (at >= 0) {
    const skipped = skip(text, at)
    if (skipped !== undefined) at = text.indexOf('<', skipped)
    else {
      const end = text.indexOf('>', at)
      if (end < 0) break
      tag(text.slice(at + 1, end), at, end + 1)
      at = text.indexOf('<', end)
    }
  }
  if (from >= 0) mask(text.length)
  return { spans, isRead: true }

  function tag(inner: string, start: number, after: number): void {
    const top = stack.at(-1)
    if (inner.startsWith('/')) {
      if (from >= 0 && top?.place?.isCredential) mask(start)
      stack.pop()
      return
    }
    const name = /^[^\s/]+/.exec(inner)?.[0].replace(/^.*:/, '') ?? ''
    const place = (top ? top.place : places)?.members.get(name)
    if (inner.endsWith('/')) return
    stack.push({ name, place, path: top ? `${top.path}.${name}` : name })
    if (place?.isCredential && from < 0) from = after
  }

  function mask(to: number): void {
    if (to > from) spans.push({ from, to, path: stack.at(-1)?.path ?? '', mask: MASK })
    from = -1
  }
}

const SKIPPED = [
  ['<![CDATA[', ']]>'],
  ['<!--', '-->'],
  ['<?', '?>'],
  ['<!', '>'],
] as const

/** The end of a section, comment, instruction or declaration that begins here; undefined for a tag. */
function skip(text: string, at: number): number | undefined {
  const found = SKIPPED.find(([start]) => text.startsWith(start, at))
  if (!found) return undefined
  const end = text.indexOf(found[1], at)
  return end < 0 ? text.length : end
}
