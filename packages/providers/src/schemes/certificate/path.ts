import { Buffer } from 'node:buffer'
import type { X509Certificate } from 'node:crypto'
import {
  extensionsOf,
  type CertificateExtensions,
  type GeneralName,
  derElement,
  derElements,
} from './extensions.ts'

const DNS = 2
const DIRECTORY = 4

/**
 * Returns why a path of certificates is invalid, or undefined if it is valid. The path starts with the sender's
 * certificate and ends with the authority's. Checks key usage, path length, name constraints and unknown critical
 * extensions (RFC 5280, section 6.1).
 */
export function pathFault(path: readonly X509Certificate[]): string | undefined {
  let all: readonly CertificateExtensions[]
  try {
    all = path.map(extensionsOf)
  } catch {
    return 'a certificate of the chain cannot be read'
  }
  if (all.some(({ unknownCritical }) => unknownCritical))
    return 'a certificate of the chain has a critical extension that is not known'
  if (all[0]!.usage?.signs === false) return 'the key of the certificate is not allowed to sign'
  for (const [at, issuer] of all.entries()) {
    if (at === 0) continue
    if (issuer.usage?.certifies === false)
      return 'an issuer in the chain is not allowed to issue certificates'
    const between = all.slice(1, at).filter(({ selfIssued }) => !selfIssued).length
    if (issuer.pathLength !== undefined && between > issuer.pathLength)
      return 'the chain is longer than an issuer allows'
    for (const [below, one] of all.slice(0, at).entries()) {
      // To renew a key, an authority may issue a certificate for its own name. Name constraints do not apply to that
      // certificate, unless that certificate is the sender's own (the first).
      if (below > 0 && one.selfIssued) continue
      if (!keepsTo(one, issuer))
        return 'a name in the chain is outside the name constraints of an issuer'
    }
  }
  return undefined
}

function keepsTo(
  { subject, names }: CertificateExtensions,
  { constraints }: CertificateExtensions,
): boolean {
  if (!constraints) return true
  const common = names.some(({ kind }) => kind === DNS) ? [] : commonNames(subject)
  const all: readonly GeneralName[] = [
    ...names,
    ...common,
    ...(derElements(derElement(subject).content).length > 0
      ? [{ kind: DIRECTORY, value: subject }]
      : []),
  ]
  return all.every((name) => {
    const ofKind = ({ kind }: GeneralName): boolean => kind === name.kind
    const permitted = constraints.permitted.filter(ofKind)
    const excluded = constraints.excluded.filter(ofKind)
    // Only DNS and directory names can be compared here. If there is a constraint for another type, all names of that
    // type are rejected.
    if (name.kind !== DNS && name.kind !== DIRECTORY)
      return permitted.length === 0 && excluded.length === 0
    const isWithin = (base: GeneralName): boolean => within(name, base)
    return !excluded.some(isWithin) && (permitted.length === 0 || permitted.some(isWithin))
  })
}

function within(name: GeneralName, base: GeneralName): boolean {
  if (name.kind === DNS) {
    const [host, domain] = [textOf(name.value), textOf(base.value).replace(/^\./, '')]
    // `*.example.com` also ends with `.example.com`, so wildcard names need no code of their own.
    return domain === '' || host === domain || host.endsWith(`.${domain}`)
  }
  const parts = derElements(derElement(name.value).content)
  const prefix = derElements(derElement(base.value).content)
  return prefix.every(({ bytes }, at) => parts[at] && Buffer.compare(parts[at].bytes, bytes) === 0)
}

/**
 * Returns the common names that look like hosts. Name constraints apply to them too, because a certificate may have its
 * host only there.
 */
function commonNames(subject: Uint8Array): readonly GeneralName[] {
  return derElements(derElement(subject).content)
    .flatMap(({ content }) => derElements(content))
    .flatMap(({ content }) => {
      const [type, value] = derElements(content)
      const isCommon = type && Buffer.from(type.content).toString('hex') === '550403'
      return isCommon && value && /^[\w*-]+(?:\.[\w-]+)+$/.test(textOf(value.content))
        ? [{ kind: DNS, value: value.content }]
        : []
    })
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8').toLowerCase()
}
