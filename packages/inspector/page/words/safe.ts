import { inertText } from '@postern/core/inert'

/**
 * Makes text from outside harmless to look at. Control characters, direction marks, zero-width spaces and unpaired
 * surrogates become visible escapes, so that nothing is hidden or moved.
 */
export function safe(text: string): string {
  return text.replaceAll(HIDDEN, escaped)
}

/** Does the same as {@link safe}, but keeps line breaks and tabs. */
export function safeLines(text: string): string {
  return text.replaceAll(HIDDEN, (sign) =>
    sign === '\n' || sign === '\t' ? sign : sign === '\r' ? '' : escaped(sign),
  )
}

// Characters that are invisible or hard to see: control, format, private and unassigned characters, unpaired
// surrogates, line separators, and three letters that look like spaces.
const HIDDEN = /[\u034F\p{C}\p{Zl}\p{Zp}\u3164\uFFA0]/gu

function escaped(sign: string): string {
  return SHORT[sign] ?? inertText(sign, { ascii: true })
}

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

export function shortId(id: string): string {
  const points = Array.from(id.length > 400 ? id.slice(0, 200) + id.slice(-200) : id)
  return points.length <= 20 ? id : `${points.slice(0, 13).join('')}…${points.slice(-4).join('')}`
}

/** Returns at most `most` characters of a text, with `…` if the text is longer. */
export function head(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`
}

/** Shortens a name to a number of characters by removing its middle. */
export function middle(text: string, most: number): string {
  const points = Array.from(text.slice(0, 1000))
  if (points.length <= most) return text
  const tail = Math.floor((most - 1) / 3)
  return `${points.slice(0, most - 1 - tail).join('')}…${Array.from(text.slice(-200)).slice(-tail).join('')}`
}

/** Adds a period to a sentence if it has no end mark. */
export function stopped(text: string): string {
  return /[.!?…]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`
}
