import { fetchNamed, type FetchOptions } from '@postern/core/internal'
import { X509Certificate } from 'node:crypto'
import { WebhookError } from '@postern/core'
import { pathFault } from './path.ts'

const MAX_DEPTH = 5
const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

/**
 * Returns the certificates of a PEM text. Returns undefined if the text has no certificate, or if one of its
 * certificates cannot be read.
 */
export function parseCertificates(pem: unknown): X509Certificate[] | undefined {
  try {
    const found = typeof pem === 'string' ? pem.match(PEM) : null
    return found ? found.map((one) => new X509Certificate(one)) : undefined
  } catch {
    return undefined
  }
}

export function checkDates(certificate: X509Certificate, now: number): void {
  if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo))
    throw new WebhookError('unknown_sender', {
      problem: 'unknown_certificate',
      text: `it is valid from ${certificate.validFrom} to ${certificate.validTo} only`,
    })
}

/**
 * Returns the chain of a fetched certificate. The chain ends with a certificate that an authority issued. Authorities
 * are those of Node and those in `extra`. Checks follow RFC 5280, section 6, without revocation and policies.
 *
 * Each certificate may contain the URL of its issuer's certificate (authority information access). A missing issuer is
 * fetched from that URL, and is used only if its key verifies the certificate's signature. An attacker may have written
 * the URL, so only `hosts` and public addresses are fetched.
 *
 * @throws WebhookError `unknown_sender` if the chain does not lead to an authority; `secret_unavailable` if a part of
 * the chain cannot be fetched.
 */
export async function checkChain(
  fetched: Uint8Array,
  extra: readonly X509Certificate[],
  now: number,
  options: FetchOptions,
  hosts: readonly string[],
): Promise<readonly X509Certificate[]> {
  const [leaf, ...others] = parseCertificates(new TextDecoder().decode(fetched)) ?? []
  if (!leaf)
    throw new WebhookError('unknown_sender', {
      problem: 'unknown_certificate',
      text: 'its URL returned none',
    })
  const authorities = [...extra, ...(await authoritiesOfNode())]
  const chain = [leaf]
  while (chain.length < MAX_DEPTH) {
    const last = chain.at(-1)!
    const anchors = authorities.filter((authority) => issued(authority, last, now))
    const faults = anchors.map((anchor) => pathFault([...chain, anchor]))
    if (faults.includes(undefined)) return chain
    if (faults.length > 0)
      throw new WebhookError('unknown_sender', { problem: 'unknown_certificate', text: faults[0]! })
    const issuer =
      others.find((other) => issued(other, last, now)) ??
      (await fetchIssuer(last, options, hosts).then(
        (found) => found && issued(found, last, now) && found,
      ))
    if (!issuer) break
    chain.push(issuer)
  }
  throw new WebhookError('unknown_sender', {
    problem: 'unknown_certificate',
    text: 'no trusted authority issued the certificate',
  })
}

function issued(issuer: X509Certificate, subject: X509Certificate, now: number): boolean {
  return (
    issuer.ca &&
    subject.checkIssued(issuer) &&
    now >= Date.parse(issuer.validFrom) &&
    now <= Date.parse(issuer.validTo) &&
    subject.verify(issuer.publicKey)
  )
}

async function fetchIssuer(
  certificate: X509Certificate,
  options: FetchOptions,
  hosts: readonly string[],
): Promise<X509Certificate | undefined> {
  const url = /^CA Issuers - URI:(https?:\/\/\S+)$/m.exec(certificate.infoAccess ?? '')?.[1]
  if (url === undefined) return undefined
  const bytes = await fetchNamed(url, options, hosts)
  if (!bytes) return undefined
  try {
    return new X509Certificate(bytes)
  } catch {
    return undefined
  }
}

let authorities: readonly X509Certificate[] | undefined

async function authoritiesOfNode(): Promise<readonly X509Certificate[]> {
  if (!authorities) {
    const { rootCertificates } = await import('node:tls')
    authorities = rootCertificates.map((pem) => new X509Certificate(pem))
  }
  return authorities
}
