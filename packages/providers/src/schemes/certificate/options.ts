import type { FetchOptions } from '@postern/core/scheme'

/** How a certificate is found and trusted. */
export interface CertificateOptions extends FetchOptions {
  /** PEM of the sender's certificate, taken as trusted: nothing is fetched and no chain is checked, its dates are. */
  readonly certPem?: string | undefined
  /** PEM of more authorities, trusted beside those of Node. A private network's proxy needs them, and tests. */
  readonly ca?: string | readonly string[] | undefined
}

/** What a provider demands of its certificates. */
export interface CertificateRules {
  /** True for a URL a certificate may come from. It is asked for https URLs without credentials only. */
  readonly allowed: (url: URL) => boolean
  /** True for a name a certificate may have; one of its subject's common name and its DNS names must pass. */
  readonly named?: ((name: string) => boolean) | undefined
}
