import type { Delivery } from '@postern/core'
import type { Scheme } from '@postern/core/scheme'

/** The option of senders that sign their URL. */
export interface PublicUrlOption {
  /**
   * The signed URL, byte for byte as the sender has it, if a proxy changes scheme, host or path; a function
   * if it differs by delivery. @default the URL of the request
   */
  readonly publicUrl?: string | ((delivery: Delivery) => string)
}

/** Throws a `TypeError` if the option is not an absolute URL. */
export function checkPublicUrl(provider: string, { publicUrl }: PublicUrlOption): void {
  if (typeof publicUrl === 'string' && !URL.canParse(publicUrl))
    throw new TypeError(`${provider}: publicUrl must be an absolute URL, got ${publicUrl}`)
}

/** The signed URL: that of the option, or that of the request as the URL standard writes it. */
export function signedUrl(delivery: Delivery, { publicUrl }: PublicUrlOption): string {
  if (publicUrl !== undefined)
    return typeof publicUrl === 'function' ? publicUrl(delivery) : publicUrl
  return URL.canParse(delivery.url) ? new URL(delivery.url).href : delivery.url
}

/**
 * The scheme that `make` makes of the signed URL. It covers the URL of the request only if no option replaces that URL.
 *
 * @throws TypeError if the option is not an absolute URL.
 */
export function urlScheme<Key>(
  provider: string,
  options: PublicUrlOption,
  make: (url: (delivery: Delivery) => string) => Scheme<Key>,
): Scheme<Key> {
  checkPublicUrl(provider, options)
  const scheme = make((delivery) => signedUrl(delivery, options))
  return { ...scheme, covers: { ...scheme.covers, url: options.publicUrl === undefined } }
}
