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
  /** PEM of the sender's certificate. You vouch for it: only its dates are checked, and nothing is fetched. */
  readonly certPem?: string | undefined
  /** PEM of further authorities to trust, in addition to those of Node: for a proxy of a private network, or tests. */
  readonly ca?: string | readonly string[] | undefined
}

export interface CertificateRules {
  /** Pattern of the path in a certificate's URL. @default anything */
  readonly path?: RegExp
  /** Full names of the issuers' hosts. A fetch from any other host is guarded. */
  readonly issuers: readonly string[]
  /** True for an allowed name. The common name or one of the DNS names of a certificate must be allowed. */
  readonly named?: ((name: string) => boolean) | undefined
}

interface CertificateSource {
  /** Throws `unknown_sender` if no host has the URL, or if the certificate is not trusted at `now`. */
  find(url: string, hosts: readonly string[], now: number): MaybePromise<X509Certificate>
  /** Notes that a delivery was verified with the certificate of a URL. */
  trust(url: string): void
  /** Verified URLs, whose fetches an attacker's URLs do not delay. */
  readonly trusted: TrustedNames
}

// A sender uses a certificate for months, so only an attacker sends more URLs.
const KEPT = 20
// A failed URL is not fetched again for this time. Invented URLs must not cause a load on the sender's servers.
const FAILED = 30_000

/** Fetches each certificate once, checks its chain, and caches it while it is valid. */
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
