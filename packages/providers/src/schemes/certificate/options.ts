import type { FetchOptions } from '@postern/core/internal'

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
