import { WebhookError } from '@postern/core'
import {
  fetchedJwks,
  givenJwks,
  type FetchOptions,
  type Jwks,
  type JwtClaims,
} from '@postern/core/internal'
import { fixedKeys, jwt, type Scheme } from '@postern/core/scheme'

/** Options of what Google pushes with an OIDC token. */
export interface GoogleOidcOptions extends FetchOptions {
  /** The service account in whose name Google pushes. Anybody at Google can have a token made for your audience. */
  readonly email: string | readonly string[]
  /**
   * The audience of the token. Give it if anybody may choose the Host of a request.
   * @default the URL of the request, since Google's default is the URL it pushes to
   */
  readonly audience?: string | readonly string[]
  /** Google's keys, in place of fetching them. */
  readonly jwks?: Jwks
  /** Seconds the clocks may differ. @default 60 if the token is from the future, 0 if it has expired */
  readonly tolerance?: number
}

/** The options after their check. */
type GoogleOidcReady = GoogleOidcOptions & { readonly emails: readonly string[] }

const KEYS = 'https://www.googleapis.com/oauth2/v3/certs'

/** A sentence on each option. */
export const googleOidcOptions: Readonly<Record<keyof GoogleOidcOptions, string>> = {
  email: 'The service account in whose name Google pushes.',
  audience: 'Its audience. Default: the URL of the request.',
  jwks: "Google's keys, in place of fetching them.",
  fetch: 'In place of the global fetch.',
  timeout: 'Longest time of a fetch, in milliseconds. Default 5000.',
  tolerance: 'Seconds the clocks may differ. Default 60 ahead, 0 behind.',
}

/** Checks the options. Throws a `TypeError` without a service account. */
export function googleOidcReady(name: string, options: GoogleOidcOptions): GoogleOidcReady {
  const emails = [options.email ?? []].flat()
  if (emails.length === 0 || !emails.every((one) => typeof one === 'string' && one.includes('@')))
    throw new TypeError(`${name}: email must be the service account in whose name Google pushes`)
  return { ...options, emails }
}

/** The token of Google in `Authorization`: issuer, audience and the verified address of the service account. The body is not signed. */
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
