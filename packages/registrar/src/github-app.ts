import { defineRegistrar, newSecret } from './common/define.ts'
import { mapTopics } from './common/map.ts'
import { githubClient, GITHUB_NAMES } from './clients/github.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { row, asText } from './common/read.ts'
import type { Registrar } from './registrar.ts'

/** Options of {@link githubAppRegistrar}. */
export interface GithubAppRegistrarOptions extends ApiOptions {
  /**
   * A function that returns a new signed JSON Web Token for the App, because such a token expires after at most 10
   * minutes.
   */
  readonly jwt: Token
}

/**
 * Manages the webhook of a GitHub App. The API can set the URL, the content type and the secret. Set the App's events
 * in its settings at GitHub; a plan names the needed events. GitHub cannot delete this webhook, so `remove` throws.
 *
 * API: https://docs.github.com/en/rest/apps/webhooks, and its description in the npm package `@octokit/openapi`.
 *
 * @example
 * const registrar = githubAppRegistrar({ jwt: () => app.getSignedJsonWebToken() })
 */
export function githubAppRegistrar(options: GithubAppRegistrarOptions): Registrar {
  const call = githubClient('githubAppRegistrar', options)
  const path = '/app/hook/config'

  return defineRegistrar({
    provider: 'github',
    account: 'app',
    kind: 'hook config',
    secret: 'given',
    one: 'account',
    // The API does not return the App's events, so a plan cannot compare or change them.
    topics: 'fixed',
    settings: { content_type: 'json', insecure_ssl: '0' },
    names: GITHUB_NAMES,
    warn: ({ topics }) => [
      `set the events of the App by hand: ${mapTopics(topics, GITHUB_NAMES).topics.join(', ')}; its API cannot change them`,
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
    async rotate(_id, hand) {
      const { json } = await call('GET', path)
      const secret = newSecret()
      await hand(row(json)['url'], secret)
      await call('PATCH', path, { json: { secret }, secrets: [secret] })
    },
  })
}
