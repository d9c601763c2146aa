import { defineRegistrar, newSecret } from './common/define.ts'
import { githubClient, mapGithub } from './clients/github.ts'
import { checkOptions, type ApiOptions, type Token } from './common/options.ts'
import { row, asText } from './common/read.ts'
import type { Registrar } from './registrar.ts'

/** Options of {@link githubAppRegistrar}. */
export interface GithubAppRegistrarOptions extends ApiOptions {
  /** Gives a JSON Web Token of the App; it ends after 10 minutes at most, so give a function that signs one. */
  readonly jwt: Token
}

/**
 * The one webhook of a GitHub App. Its API has the URL, the content type and the secret; the events of an App are set by
 * hand in its settings, and a plan names those it needs. GitHub cannot delete this webhook, so `remove` throws.
 *
 * API: https://docs.github.com/en/rest/apps/webhooks, as described in npm @octokit/openapi.
 *
 * @example
 * const registrar = githubAppRegistrar({ jwt: () => app.getSignedJsonWebToken() })
 */
export function githubAppRegistrar(options: GithubAppRegistrarOptions): Registrar {
  checkOptions('githubAppRegistrar', options)
  const call = githubClient('githubAppRegistrar: jwt', options.jwt, options)
  const path = '/app/hook/config'

  return defineRegistrar({
    provider: 'github',
    account: 'app',
    kind: 'hook config',
    secret: 'given',
    one: 'account',
    // The API does not say which events the App has: they are neither compared nor changed.
    topics: 'fixed',
    settings: { content_type: 'json', insecure_ssl: '0' },
    map: mapGithub,
    warn: ({ topics }) => [
      `set the events of the App by hand: ${mapGithub(topics).topics.join(', ')}; its API cannot change them`,
    ],
    async list() {
      const { json } = await call('GET', path)
      const config = row(json)
      const settings = {
        content_type: asText(config['content_type']),
        insecure_ssl: asText(config['insecure_ssl']),
      }
      const url = asText(config['url'])
      return url === ''
        ? []
        : [{ id: 'app', url, topics: [], enabled: true, state: 'active', settings }]
    },
    async create({ url, settings, secret = '' }) {
      await call('PATCH', path, { json: { url, ...settings, secret }, secrets: [secret] })
      return { id: 'app' }
    },
    async update(_endpoint, { url, settings }) {
      await call('PATCH', path, { json: { url, ...settings } })
    },
    async rotate(id, { onSecret }) {
      const { json } = await call('GET', path)
      const secret = newSecret()
      await onSecret({ provider: 'github', endpoint: id, url: asText(row(json)['url']), secret })
      await call('PATCH', path, { json: { secret }, secrets: [secret] })
    },
  })
}
