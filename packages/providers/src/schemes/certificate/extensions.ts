import { Buffer } from 'node:buffer'
import type { X509Certificate } from 'node:crypto'

/** Parts of a certificate that Node's `X509Certificate` does not show (RFC 5280, section 4.2). */
export interface CertificateExtensions {
  /** The subject's name, as DER. */
  readonly subject: Uint8Array
  /** True if the issuer has the subject's name. */
  readonly selfIssued: boolean
  /** Maximum number of authorities between this certificate and the sender's; undefined if there is no maximum. */
  readonly pathLength: number | undefined
  /** Allowed uses of the key; undefined if every use is allowed. */
  readonly usage: { readonly signs: boolean; readonly certifies: boolean } | undefined
  /** The names for which this authority may issue certificates. Undefined if every name is allowed. */
  readonly constraints: NameConstraints | undefined
  /** Alternative names of the subject. */
  readonly names: readonly GeneralName[]
  /** True if a critical extension is unknown here. Such a certificate must be rejected. */
  readonly unknownCritical: boolean
}

/** Subtrees of names, such as a domain with its subdomains (RFC 5280, section 4.2.1.10). */
interface NameConstraints {
  readonly permitted: readonly GeneralName[]
  readonly excluded: readonly GeneralName[]
}

/** A name. `kind` is its type: 2 is a DNS name, 4 is a directory name, and 7 is an IP address. */
export interface GeneralName {
  readonly kind: number
  readonly value: Uint8Array
}

const BASIC = '551d13'
const USAGE = '551d0f'
const CONSTRAINTS = '551d1e'
const NAMES = '551d11'
// These extensions may be critical, although no code checks them: extended key usage, certificate policies, the key
// identifiers of authority and subject, CRL distribution points.
const HARMLESS = new Set(['551d25', '551d20', '551d23', '551d0e', '551d1f'])

/** Returns the extensions of a certificate. Throws a `RangeError` if the certificate is not valid DER. */
export function extensionsOf({ raw }: X509Certificate): CertificateExtensions {
  const fields = derElements(derElement(derElement(raw).content).content)
  // The fields are: version (only if tagged), serial number, algorithm, issuer, dates, subject.
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
    // A certificate has each extension at most once (RFC 5280, section 4.2). A second one could hide the first.
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
  // The first byte is the number of unused bits, so the flags are in the second byte. Bit 0 is digitalSignature, and
  // bit 5 is keyCertSign.
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

/** An element of DER (X.690). `content` is its value, and `bytes` also includes its tag and length. */
interface DerElement {
  readonly tag: number
  readonly content: Uint8Array
  readonly bytes: Uint8Array
}

/** Returns the elements in `bytes`, which follow each other. Throws a `RangeError` if a length is wrong. */
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

export function derElement(bytes: Uint8Array): DerElement {
  const [first] = derElements(bytes)
  if (!first) throw new RangeError('an element of DER is missing')
  return first
}
