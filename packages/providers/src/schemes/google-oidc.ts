import { WebhookError } from '@postern/core'
import {
  fetchedJwks,
  givenJwks,
  type FetchOptions,
  type Jwks,
  type JwtClaims,
} from '@postern/core/internal'
import { fixedKeys, jwt, type Scheme } from '@postern/core/scheme'

/** Options for Google's pushes, which carry an OIDC token. */
export interface GoogleOidcOptions extends FetchOptions {
  /**
   * Email address of the service account that sends the pushes, or several. The address is checked, because any Google
   * customer can get a token for your audience.
   */
  readonly email: string | readonly string[]
  /**
   * The audience that the token must have. If clients can choose the Host of a request, set this option.
   * @default the URL of the request, since Google's default is the push URL
   */
  readonly audience?: string | readonly string[]
  /** Google's keys. If `jwks` is given, no keys are fetched. */
  readonly jwks?: Jwks
  /**
   * Maximum difference between Google's clock and yours, in seconds. @default 60 for a token from the future, 0 for an
   * expired token
   */
  readonly tolerance?: number
}

type GoogleOidcReady = GoogleOidcOptions & { readonly emails: readonly string[] }

const KEYS = 'https://www.googleapis.com/oauth2/v3/certs'

export const googleOidcOptions: Readonly<Record<keyof GoogleOidcOptions, string>> = {
  email: 'The service account that Google signs the token for.',
  audience: 'Its audience. Default: the URL of the request.',
  jwks: "Google's keys, in place of fetching them.",
  fetch: 'In place of the global fetch.',
  timeout: 'Longest time of a fetch, in milliseconds. Default 5000.',
  tolerance: 'Seconds the clocks may differ. Default 60 ahead, 0 behind.',
}

export function googleOidcReady(name: string, options: GoogleOidcOptions): GoogleOidcReady {
  const emails = [options.email ?? []].flat()
  if (emails.length === 0 || !emails.every((one) => typeof one === 'string' && one.includes('@')))
    throw new TypeError(
      `${name}: email must be the service account that Google signs the token for`,
    )
  return { ...options, emails }
}

/**
 * Creates a scheme that checks the token's issuer, its audience and the verified address of the service account. The
 * body is not signed.
 */
export function googleOidc(name: string, options: GoogleOidcReady): Scheme<unknown> {
  const { audience, email: _email, emails, jwks, tolerance, ...fetching } = options
  return fixedKeys(
    jwt({
      algorithms: ['RS256'],
      issuer: ['https://accounts.google.com', 'accounts.google.com'],
      audience: ({ url }) => [audience ?? url].flat(),
      required: ['exp'],
      tolerance,
      check: (claims) => checkEmail(claims, emails),
    }),
    [jwks === undefined ? fetchedJwks(KEYS, fetching) : givenJwks(jwks, `${name}: jwks`)],
  ) as Scheme<unknown>
}

function checkEmail(claims: JwtClaims, emails: readonly string[]): void {
  if (claims['email_verified'] !== true || !emails.includes(String(claims['email'])))
    throw new WebhookError('unknown_sender', {
      problem: 'not_allowed',
      header: 'authorization',
      field: 'email',
      expected: 'of serviceAccount',
    })
}
