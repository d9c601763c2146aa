import { fetchedJwks, givenJwks, type FetchOptions, type Jwks } from '@postern/core/internal'
import { fixedKeys, jwt, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { text } from './common/read.ts'

/** Options of {@link cloudflareAccess}. */
export interface CloudflareAccessOptions extends FetchOptions {
  /** The team name, which is `acme` in `acme.cloudflareaccess.com`. */
  readonly team: string
  /** The Application Audience (AUD) tag of the application, or several if a path belongs to several applications. */
  readonly audience: string | readonly string[]
  /** The team's keys. If `jwks` is given, no keys are fetched. */
  readonly jwks?: Jwks
  /**
   * Maximum difference between Cloudflare's clock and yours, in seconds. @default 60 for a token from the future, 0 for
   * an expired token
   */
  readonly tolerance?: number
}

/**
 * Cloudflare Access, an access check at Cloudflare's edge. A JWT (RS256) in `Cf-Access-Jwt-Assertion` says that the
 * request passed a policy of your team. The token's issuer, audience and expiry are checked. The token says nothing
 * about the author of the body, so combine this provider with the provider of the sender: `allOf(cloudflareAccess({ …
 * }), github({ … }))`. The keys are fetched from your team's page. Needs the package jose.
 * https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json/
 */
export const cloudflareAccess: Factory<CloudflareAccessOptions> = /* @__PURE__ */ provider({
  name: 'cloudflare-access',
  title: 'Cloudflare Access',
  docs: 'https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json/',
  setup: {
    place: 'an application of Access over the path of the route',
  },
  topics: ['request'],
  facts: {
    scheme: 'JWT (RS256) by Cloudflare; the body is not signed',
    place: { header: 'Cf-Access-Jwt-Assertion' },
    example: { team: 'example', audience: 'an-example-audience' },
    checked: '2026-11-28',
    delivers: {},
  },
  options: {
    team: 'The team name, as in <team>.cloudflareaccess.com.',
    audience: 'The audience tag of the application.',
    jwks: "The team's keys, in place of fetching them.",
    fetch: 'In place of the global fetch.',
    timeout: 'Longest time of a fetch, in milliseconds. Default 5000.',
    tolerance: 'Seconds the clocks may differ. Default 60 ahead, 0 behind.',
  },
  formats: ['json', 'xml', 'form', 'bytes'],
  ids: false,
  covers: { body: 'none', timestamp: true },
  canSign: false,
  prepare(options) {
    if (typeof options.team !== 'string' || !/^[a-z0-9-]+$/i.test(options.team))
      throw new TypeError(
        'cloudflare-access: team must be the first part of <team>.cloudflareaccess.com, as in acme',
      )
    const audiences = [options.audience ?? []].flat()
    if (audiences.length === 0 || !audiences.every((one) => typeof one === 'string' && one !== ''))
      throw new TypeError(
        'cloudflare-access: audience must be the AUD tag of the application; copy it from its settings',
      )
    return { ...options, audiences }
  },
  scheme({ team, audience: _audience, audiences, jwks, tolerance, ...fetching }) {
    const issuer = `https://${team}.cloudflareaccess.com`
    return fixedKeys(
      jwt({
        algorithms: ['RS256'],
        header: 'Cf-Access-Jwt-Assertion',
        issuer: [issuer],
        audience: () => audiences,
        required: ['exp'],
        tolerance,
      }),
      [
        jwks === undefined
          ? fetchedJwks(`${issuer}/cdn-cgi/access/certs`, fetching)
          : givenJwks(jwks, 'cloudflare-access: jwks'),
      ],
    )
  },
  events: (_delivery, { value }) => [{ topic: text(value, 'type') ?? 'request', payload: value }],
})
