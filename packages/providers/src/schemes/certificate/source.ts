import {
  checkFetchOptions,
  fetchBounded,
  lookups,
  type TrustedNames,
  type MaybePromise,
  type FetchOptions,
} from '@postern/core/internal'
import type { X509Certificate } from 'node:crypto'
import { WebhookError } from '@postern/core'
import { checkChain, checkDates, parseCertificates } from './chain.ts'

export interface CertificateOptions extends FetchOptions {
  /**
   * PEM of the sender's certificate. With this option, no certificate is fetched, and only the dates of this
   * certificate are checked. So give a certificate that you trust.
   */
  readonly certPem?: string | undefined
  /** PEM of authorities to trust in addition to Node's, for a proxy in a private network or for tests. */
  readonly ca?: string | readonly string[] | undefined
}

export interface CertificateRules {
  /** Pattern that the path of a certificate's URL must match. @default any path */
  readonly path?: RegExp
  /** Full names of the hosts with issuers' certificates. Fetches from other hosts reach only public addresses. */
  readonly issuers: readonly string[]
  /**
   * Returns true for a name that belongs to the sender. A certificate is accepted if its common name or one of its DNS
   * names belongs to the sender.
   */
  readonly named?: ((name: string) => boolean) | undefined
}

interface CertificateSource {
  /** Throws `unknown_sender` if the URL is not on one of the `hosts`, or if the certificate is not trusted at `now`. */
  find(url: string, hosts: readonly string[], now: number): MaybePromise<X509Certificate>
  /** Notes that the certificate at a URL has verified a delivery. */
  trust(url: string): void
  /**
   * URLs whose certificate has verified a delivery. Fetches of other URLs, which an attacker may send, do not delay
   * fetches of these URLs.
   */
  readonly trusted: TrustedNames
}

// Maximum number of cached certificates. A sender uses a certificate for months, so only an attack could fill the
// cache.
const KEPT = 20
// Milliseconds until a URL that failed is fetched again. Without this limit, an attacker who repeats a URL could make
// the receiver flood the sender's servers.
const FAILED = 30_000

/** Creates a source that fetches each certificate once, checks the chain, and caches valid certificates. */
export function certificateSource(
  options: CertificateOptions,
  rules: CertificateRules,
): CertificateSource {
  checkFetchOptions(options)
  const given = options.certPem === undefined ? undefined : givenCertificate(options.certPem)
  const extra = [options.ca ?? []].flat().flatMap((pem) => {
    const certificates = parseCertificates(pem)
    if (!certificates) throw new TypeError('ca must be PEM of certificates')
    return certificates
  })
  const known = lookups<readonly X509Certificate[]>({ kept: KEPT, failed: FAILED })

  const trusted = (chain: readonly X509Certificate[], now: number): X509Certificate => {
    for (const certificate of chain) checkDates(certificate, now)
    if (rules.named && !namesOf(chain[0]!).some(rules.named))
      throw new WebhookError('unknown_sender', {
        problem: 'unknown_certificate',
        text: `it is for ${namesOf(chain[0]!).join(', ')}, not for this sender`,
      })
    return chain[0]!
  }
  const fetched = async (url: string, now: number): Promise<X509Certificate> => {
    const chain = await known.find(url, now, async () => {
      const bytes = await fetchBounded(url, options)
      const found = await checkChain(bytes, extra, now, options, rules.issuers)
      trusted(found, now)
      return found
    })
    try {
      return trusted(chain!, now)
    } catch (error) {
      known.reject(url, now, error)
      throw error
    }
  }
  return {
    trusted: known.trusted,
    trust: (url) => void (given === undefined && known.trust(new URL(url).href)),
    find(text, hosts, now) {
      const url = URL.canParse(text) ? new URL(text) : undefined
      if (
        url?.protocol !== 'https:' ||
        url.username !== '' ||
        url.password !== '' ||
        url.port !== '' ||
        url.search !== '' ||
        !hosts.includes(url.hostname) ||
        rules.path?.test(url.pathname) === false
      )
        throw new WebhookError('unknown_sender', {
          problem: 'unknown_certificate',
          text: 'its URL is not allowed',
        })
      return given ? trusted([given], now) : fetched(url.href, now)
    },
  }
}

function givenCertificate(pem: string): X509Certificate {
  const first = parseCertificates(pem)?.[0]
  if (!first) throw new TypeError('certPem must be the PEM of a certificate')
  return first
}

function namesOf(certificate: X509Certificate): string[] {
  const common = /^CN=(.*)$/m.exec(certificate.subject)?.[1]
  const alternative = certificate.subjectAltName ?? ''
  return [
    ...(common === undefined ? [] : [common]),
    ...[...alternative.matchAll(/(?:^|, )DNS:([^,"\s]+)/g)].map((match) => match[1]!),
  ]
}
