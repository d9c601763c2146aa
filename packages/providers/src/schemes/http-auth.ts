import { type EventMap, type SecretOption } from '@postern/core'
import { basic, token, type ProviderSpec } from '@postern/core/scheme'

/** How a sender that cannot sign, or need not, proves itself: exactly one of these. */
export interface HttpAuthOptions {
  /** The token of `Authorization: Bearer <token>`. */
  readonly token?: SecretOption
  /** `user:password` of HTTP Basic authentication, split at the first colon. */
  readonly credentials?: SecretOption
  /** Takes deliveries from anybody who knows the URL. @default false */
  readonly unauthenticated?: boolean
}

/** Options of HTTP authentication in the catalogue. */
export const HTTP_AUTH_OPTIONS = {
  token: 'Token of Authorization: Bearer.',
  credentials: 'user:password of HTTP Basic authentication.',
  unauthenticated: 'Takes deliveries from anybody. Default false.',
} as const

/** The authentication that was chosen. `option` names the one to give where none is. */
export function httpAuth(
  options: HttpAuthOptions,
  option: string,
): ProviderSpec<EventMap, string>['auth'] {
  if (options.token !== undefined) {
    const scheme = token({ header: 'authorization', scheme: 'Bearer' })
    return { scheme, secret: options.token, option: 'token' }
  }
  if (options.credentials !== undefined)
    return { scheme: basic(), secret: options.credentials, option: 'credentials' }
  return { unauthenticated: options.unauthenticated, option }
}

/** Throws a `TypeError` where more than one way is chosen, since the weaker one would count. */
export function checkOneAuth(provider: string, options: object, names: readonly string[]): void {
  const given = names.filter((name) => (options as Record<string, unknown>)[name] !== undefined)
  if (given.length > 1)
    throw new TypeError(`${provider}: give one of ${given.join(' and ')}, not both`)
}
