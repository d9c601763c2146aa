import type { Delivery } from '@postern/core'
import type { Scheme } from '@postern/core/scheme'

/** Option of senders whose signature covers the URL. */
export interface PublicUrlOption {
  /**
   * The URL that the sender signs, byte for byte. If a proxy changes scheme, host or path, set this option. If the URL
   * differs between deliveries, give a function. @default the URL of the request
   */
  readonly publicUrl?: string | ((delivery: Delivery) => string)
}

export function checkPublicUrl(provider: string, { publicUrl }: PublicUrlOption): void {
  if (typeof publicUrl === 'string' && !URL.canParse(publicUrl))
    throw new TypeError(`${provider}: publicUrl must be an absolute URL, got ${publicUrl}`)
}

/** Returns the signed URL: the option `publicUrl`, or else the URL of the request, normalized by the URL standard. */
export function signedUrl(delivery: Delivery, { publicUrl }: PublicUrlOption): string {
  if (publicUrl !== undefined)
    return typeof publicUrl === 'function' ? publicUrl(delivery) : publicUrl
  return URL.canParse(delivery.url) ? new URL(delivery.url).href : delivery.url
}

/**
 * Returns the scheme that `make` creates for the signed URL. With `publicUrl`, the signature does not protect the URL
 * of the request.
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
