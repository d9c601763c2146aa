import { isCredentialName } from './judge.ts'
import { MASK } from './masked.ts'

/**
 * A URL with some parameters of its query changed, and all others as they were written. A user name and a password in
 * the URL go: no sender is known by them.
 *
 * @param change - gets a parameter as it was written, and its name; returns what stands there instead, or undefined
 * for nothing.
 */
export function withParameters(
  url: string,
  change: (part: string, name: string) => string | undefined,
): string {
  const bare = url.includes('@') ? url.replace(/^([a-z][\w+.-]*:\/\/)[^/?#]*@/i, '$1') : url
  const start = bare.indexOf('?')
  if (start < 0) return bare
  const hash = bare.indexOf('#')
  const end = hash < 0 ? bare.length : hash
  if (start > end) return bare
  // By hand, since URLSearchParams would write all other parameters in its own way.
  const parts = bare.slice(start + 1, end).split('&')
  const kept = parts.flatMap((part) => change(part, nameOf(part)) ?? [])
  return bare.slice(0, start) + (kept.length > 0 ? `?${kept.join('&')}` : '') + bare.slice(end)
}

/** A text for people, with the values of credential parameters masked in the URLs that it names. */
export function maskParameters(text: string): string {
  return text.replaceAll(/(?<=[?&])[^\s?&#=]+=[^\s?&#]*/g, (part) =>
    isCredentialName(nameOf(part)) ? `${part.split('=', 1)[0]}=${MASK}` : part,
  )
}

function nameOf(part: string): string {
  return [...new URLSearchParams(part).keys()][0] ?? ''
}
