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

/** How a certificate is found and trusted. */
export interface CertificateOptions extends FetchOptions {
  /** PEM of the sender's certificate, taken as trusted: nothing is fetched and no chain is checked, its dates are. */
  readonly certPem?: string | undefined
  /** PEM of more authorities, trusted next to those of Node. A private network's proxy needs them, and tests. */
  readonly ca?: string | readonly string[] | undefined
}

/** What a provider demands of its certificates. */
export interface CertificateRules {
  /** What the path of a certificate's URL looks like. @default anything */
  readonly path?: RegExp
  /** Hosts of the issuers of its certificates, by their whole names: elsewhere only a guarded fetch may go. */
  readonly issuers: readonly string[]
  /** True for a name a certificate may have; one of its subject's common name and its DNS names must pass. */
  readonly named?: ((name: string) => boolean) | undefined
}

/** Gives the certificate a URL stands for. */
interface CertificateSource {
  /**
   * Throws `unknown_sender` if the URL is at none of the hosts, or if the certificate is not to be trusted at `now`, in
   * milliseconds since 1970.
   */
  find(url: string, hosts: readonly string[], now: number): MaybePromise<X509Certificate>
  /** A delivery was verified with the certificate of a URL. */
  trust(url: string): void
  /** URLs that are fetched apart from invented ones. */
  readonly trusted: TrustedNames
}

// Senders use one certificate for months; more URLs than these are an attacker's.
const KEPT = 20
// A URL that failed is not fetched again for as long: made-up URLs must not make us a client of the sender's servers.
const FAILED = 30_000

/** Certificates by URL: each is fetched once, checked up to an authority, and kept while it is valid. */
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
