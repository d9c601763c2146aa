import type { About, SignaturePlace } from '@postern/core/scheme'
import { headerOf, valueAt, type AuditRequest } from './request.ts'

/**
 * Where the signature of a delivery lies: what the provider's facts say, or else the header that another secret changes. Undefined
 * if it lies in the body, where a stranger's change is another body.
 */
export function signaturePlaceOf(
  about: About,
  signed: AuditRequest,
  bySecret: AuditRequest | undefined,
): SignaturePlace | undefined {
  const { place } = about
  if (place && 'field' in place) return undefined
  if (place && valueAt(signed, place) !== undefined) return place
  const changed = signed.headers.find(
    ([name, value]) => bySecret !== undefined && headerOf(bySecret, name) !== value,
  )
  return changed && { header: changed[0] }
}

/** The last part of a signature's text that looks like what an algorithm made, with what stands around it. */
export function macOf(value: string): {
  readonly mac: string
  /** The value with another text in its place. */
  readonly put: (mac: string) => string
} {
  const found = [...value.matchAll(/[A-Za-z0-9+/_-]{20,}={0,2}/g)].at(-1)
  const mac = found?.[0] ?? /[^ =,]+=*$/.exec(value)?.[0] ?? value
  const at = found?.index ?? value.length - mac.length
  return { mac, put: (other) => value.slice(0, at) + other + value.slice(at + mac.length) }
}

/** Another letter, which hex and base64 both know. */
export function otherLetter(text: string, at: number): string {
  return `${text.slice(0, at)}${text[at] === 'a' ? 'b' : 'a'}${text.slice(at + 1)}`
}
