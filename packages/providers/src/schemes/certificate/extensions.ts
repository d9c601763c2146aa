import { Buffer } from 'node:buffer'
import type { X509Certificate } from 'node:crypto'

/** What a certificate says of its place in a chain (RFC 5280, section 4.2), next to what `X509Certificate` tells. */
export interface CertificateExtensions {
  /** The subject, as DER. */
  readonly subject: Uint8Array
  /** True if issuer and subject are one name. */
  readonly selfIssued: boolean
  /** Certificates of authorities that may follow below it; undefined for any number. */
  readonly pathLength: number | undefined
  /** The first bits of key usage; undefined for any use. */
  readonly usage: { readonly signs: boolean; readonly certifies: boolean } | undefined
  /** Names that it may certify for. */
  readonly constraints: NameConstraints | undefined
  /** Names of the certificate next to its subject. */
  readonly names: readonly GeneralName[]
  /** True if it has a critical extension that is not known here. */
  readonly unknownCritical: boolean
}

/** Subtrees of names (RFC 5280, section 4.2.1.10). */
interface NameConstraints {
  readonly permitted: readonly GeneralName[]
  readonly excluded: readonly GeneralName[]
}

/** A name of one kind: 2 is a DNS name, 4 a directory name, 7 an address. */
export interface GeneralName {
  readonly kind: number
  readonly value: Uint8Array
}

const BASIC = '551d13'
const USAGE = '551d0f'
const CONSTRAINTS = '551d1e'
const NAMES = '551d11'
// Critical ones that may be passed over: extended key usage, policies (without a requirement of ours), identifiers.
const HARMLESS = new Set(['551d25', '551d20', '551d23', '551d0e', '551d1f'])

/** Reads them. Throws a `RangeError` if the certificate is no DER. */
export function extensionsOf({ raw }: X509Certificate): CertificateExtensions {
  const fields = derElements(derElement(derElement(raw).content).content)
  // Version and the two optional identifiers are tagged; serial number, algorithm, issuer, dates, subject follow.
  const at = fields[0]?.tag === 0xa0 ? 1 : 0
  const [issuer, subject] = [fields[at + 2]!.bytes, fields[at + 4]!.bytes]
  const found = new Map<string, Uint8Array>()
  let unknownCritical = false
  const list = fields.find(({ tag }) => tag === 0xa3)
  for (const extension of list ? derElements(derElement(list.content).content) : []) {
    const parts = derElements(extension.content)
    const oid = Buffer.from(parts[0]!.content).toString('hex')
    const isCritical = parts[1]!.tag === 0x01 && parts[1]!.content[0] !== 0
    const isKnown = [BASIC, USAGE, CONSTRAINTS, NAMES].includes(oid) || HARMLESS.has(oid)
    // A second one of a kind must not take the place of the first.
    if ((isCritical && !isKnown) || found.has(oid)) unknownCritical = true
    found.set(oid, parts.at(-1)!.content)
  }
  return {
    subject,
    selfIssued: Buffer.compare(issuer, subject) === 0,
    pathLength: pathLengthOf(found.get(BASIC)),
    usage: usageOf(found.get(USAGE)),
    constraints: constraintsOf(found.get(CONSTRAINTS)),
    names: found.has(NAMES) ? namesIn(derElement(found.get(NAMES)!).content) : [],
    unknownCritical,
  }
}

function pathLengthOf(value: Uint8Array | undefined): number | undefined {
  if (!value) return undefined
  const length = derElements(derElement(value).content).find(({ tag }) => tag === 0x02)
  return length && Number(`0x${Buffer.from(length.content).toString('hex') || '0'}`)
}

function usageOf(value: Uint8Array | undefined): CertificateExtensions['usage'] {
  if (!value) return undefined
  // The first byte counts unused bits; digitalSignature is bit 0, keyCertSign bit 5.
  const bits = derElement(value).content[1] ?? 0
  return { signs: (bits & 0x80) !== 0, certifies: (bits & 0x04) !== 0 }
}

function constraintsOf(value: Uint8Array | undefined): NameConstraints | undefined {
  if (!value) return undefined
  const parts = derElements(derElement(value).content)
  const bases = (wanted: number): readonly GeneralName[] =>
    parts
      .filter(({ tag }) => tag === wanted)
      .flatMap(({ content }) => derElements(content))
      .flatMap(({ content }) => namesIn(content).slice(0, 1))
  return { permitted: bases(0xa0), excluded: bases(0xa1) }
}

function namesIn(content: Uint8Array): readonly GeneralName[] {
  return derElements(content).map(({ tag, content: value }) => ({ kind: tag & 0x1f, value }))
}

/** One element of DER (X.690): its tag, its content, and all of its bytes. */
interface DerElement {
  readonly tag: number
  readonly content: Uint8Array
  readonly bytes: Uint8Array
}

/** The elements that follow one another in bytes. Throws a `RangeError` if a length is not that of DER. */
export function derElements(bytes: Uint8Array): readonly DerElement[] {
  const found: DerElement[] = []
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at]!
    let length = bytes[at + 1] ?? 0x80
    let start = at + 2
    if (length >= 0x80) {
      const more = length & 0x7f
      if (more === 0 || more > 3) throw new RangeError('a length of DER must have at most 3 bytes')
      length = 0
      for (let digit = 0; digit < more; digit++) length = length * 256 + (bytes[start++] ?? 0)
    }
    const end = start + length
    if (end > bytes.length) throw new RangeError('an element of DER is longer than its bytes')
    found.push({ tag, content: bytes.subarray(start, end), bytes: bytes.subarray(at, end) })
    at = end
  }
  return found
}

/** The first element, or a `RangeError`. */
export function derElement(bytes: Uint8Array): DerElement {
  const [first] = derElements(bytes)
  if (!first) throw new RangeError('an element of DER is missing')
  return first
}
