import { fetchedJwks, givenJwks, type FetchOptions, type Jwks } from '@postern/core/internal'
import { fixedKeys, jwt, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { text } from './common/read.ts'

/** Options of {@link cloudflareAccess}. */
export interface CloudflareAccessOptions extends FetchOptions {
  /** The team name: `acme` of `acme.cloudflareaccess.com`. */
  readonly team: string
  /** The Application Audience (AUD) tag of the application. Several if a path is under several. */
  readonly audience: string | readonly string[]
  /** The team's keys, in place of fetching them. */
  readonly jwks?: Jwks
  /** Seconds the clocks may differ. @default 60 if the token is from the future, 0 if it has expired */
  readonly tolerance?: number
}

/**
 * Cloudflare Access, an edge check in front of a route. A JWT (RS256) in `Cf-Access-Jwt-Assertion` says that the request
 * passed a policy of your team: issuer, audience and expiry are checked. It says nothing of who wrote the body: use it as
 * `allOf(cloudflareAccess({ … }), github({ … }))`. Keys are fetched from the team's own page. Needs the package jose.
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
