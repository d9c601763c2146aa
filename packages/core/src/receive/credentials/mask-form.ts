import { MASK, type TextSpan, type TextSpans } from './masked.ts'
import type { CredentialPlace } from './places.ts'

/** The values at places of a form: `passcode=…`, `value[0][clientState]=…`. */
export function fieldsIn(text: string, places: CredentialPlace): TextSpans {
  const spans: TextSpan[] = []
  let from = 0
  for (const part of text.split('&')) {
    const equals = part.indexOf('=')
    if (equals >= 0) {
      const name = [...new URLSearchParams(part).keys()][0] ?? ''
      if (isCredential(name, places))
        spans.push({ from: from + equals + 1, to: from + part.length, path: name, mask: MASK })
    }
    from += part.length + 1
  }
  return { spans, isRead: true }
}

/** The values at places of a multipart body, whose boundary is its first line. */
export function partsIn(text: string, places: CredentialPlace): TextSpans {
  const spans: TextSpan[] = []
  const boundary = /--[^\r\n]{1,70}/.exec(text)?.[0]
  if (boundary === undefined) return { spans, isRead: false }
  let from = text.indexOf(boundary)
  while (from >= 0) {
    const end = text.indexOf(boundary, from + boundary.length)
    const to = end < 0 ? text.length : end
    const blank = /\r?\n\r?\n/.exec(text.slice(from, to))
    const head = blank ? text.slice(from, from + blank.index) : ''
    const name = /[;\s]name="?([^";\r\n]*)/i.exec(head)?.[1] ?? ''
    if (blank && isCredential(name, places)) {
      const start = from + blank.index + blank[0].length
      const last = text.slice(start, to).replace(/\r?\n$/, '').length
      spans.push({ from: start, to: start + last, path: name, mask: MASK })
    }
    from = end
  }
  return { spans, isRead: true }
}

function isCredential(name: string, places: CredentialPlace): boolean {
  if (places.members.get(name)?.isCredential) return true
  let at: CredentialPlace | undefined = places
  for (const part of name.split(/[[\].]+/)) {
    if (part === '' && at !== places) continue
    at = at?.members.get(part) ?? (/^\d*$/.test(part) ? at?.items : undefined)
  }
  return at?.isCredential === true
}
