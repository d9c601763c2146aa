import type { SecretOption } from '@postern/core'
import { basic, token, type Scheme } from '@postern/core/scheme'

/** Options for a sender that does not sign its deliveries. Give exactly one option. */
export interface HttpAuthOptions {
  /** The token of `Authorization: Bearer <token>`. */
  readonly token?: SecretOption
  /** `user:password` of HTTP Basic authentication, split at the first colon. */
  readonly credentials?: SecretOption
  /** If true, accepts deliveries from anybody who knows the URL. @default false */
  readonly unauthenticated?: boolean
}

export function httpAuth(options: HttpAuthOptions): Scheme<string> {
  return options.token === undefined
    ? basic()
    : token({ header: 'authorization', scheme: 'Bearer' })
}

/**
 * Returns name and value of the option that is given. If none is given, returns the first name and undefined. Throws a
 * `TypeError` if two are given, because a delivery with only the weaker secret would then be accepted.
 */
export function oneSecret<Options extends object>(
  provider: string,
  options: Options,
  names: readonly (keyof Options & string)[],
): readonly [option: string, value: SecretOption | undefined] {
  const given = names.filter((name) => options[name] !== undefined)
  if (given.length > 1)
    throw new TypeError(
      `${provider}: ${given.join(' and ')} exclude each other; give only one of them`,
    )
  const [option = names[0]!] = given
  return [option, options[option] as SecretOption | undefined]
}
