import type { Delivery } from '@postern/core'

/** The option of senders that sign the URL they were given. */
export interface PublicUrlOption {
  /**
   * The URL that was signed, byte for byte as the sender has it, if a proxy changes scheme, host or path; a function
   * if it differs by delivery. @default the URL of the request
   */
  readonly publicUrl?: string | ((delivery: Delivery) => string)
}

/** Throws a `TypeError` if the option is not an absolute URL. */
export function checkPublicUrl(provider: string, { publicUrl }: PublicUrlOption): void {
  if (typeof publicUrl === 'string' && !URL.canParse(publicUrl))
    throw new TypeError(`${provider}: publicUrl must be an absolute URL, got ${publicUrl}`)
}

/** The URL that was signed: the option's, or that of the request as the URL standard writes it. */
export function signedUrl(delivery: Delivery, { publicUrl }: PublicUrlOption): string {
  if (publicUrl !== undefined)
    return typeof publicUrl === 'function' ? publicUrl(delivery) : publicUrl
  return URL.canParse(delivery.url) ? new URL(delivery.url).href : delivery.url
}
