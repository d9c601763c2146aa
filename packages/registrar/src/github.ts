import { githubClient, GITHUB_NAMES, githubHooks, githubPages } from './clients/github.ts'
import { defineRegistrar, newSecret } from './common/define.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { memberIn, rows, isSuccess } from './common/read.ts'
import { failedAt, restEndpoints } from './common/rest.ts'
import type { EndpointTarget } from './common/spec.ts'
import type { Endpoint, Registrar } from './registrar.ts'

/** Options of {@link githubRegistrar}: give `repository` or `organization`. */
export interface GithubRegistrarOptions extends ApiOptions {
  /** A token that may write webhooks: `repository_hooks: write` or `organization_hooks: write`. */
  readonly token: Token
  /** `owner/name`. @default undefined, when `organization` is given */
  readonly repository?: string
  /** The organization's login. @default undefined, when `repository` is given */
  readonly organization?: string
}

/**
 * Manages the webhooks of a repository or an organization at GitHub. GitHub subscribes to events without their action:
 * `issues.opened` becomes `issues`. GitHub masks secrets, so a plan cannot compare secrets, and only `rotate` changes a
 * secret. A webhook has only one secret, so let the receiver accept both secrets until `rotate` has resolved. For the
 * webhook of a GitHub App, use `githubAppRegistrar`.
 *
 * API: https://docs.github.com/en/rest/repos/webhooks, and its description in the npm package `@octokit/openapi`.
 *
 * @example
 * const registrar = githubRegistrar({ token: process.env.GITHUB_TOKEN!, repository: 'octo/hello' })
 * const plan = await registrar.plan({ url: 'https://app.example/github', topics: receiver.topics })
 * await registrar.apply(plan, { secret: process.env.GITHUB_WEBHOOK_SECRET! })
 */
export function githubRegistrar(options: GithubRegistrarOptions): Registrar {
  const call = githubClient('githubRegistrar', options)
  const { account, base } = githubHooks('githubRegistrar', options)

  const { get, ...endpoints } = restEndpoints(call, {
    title: 'GitHub',
    path: base,
    list: githubPages(call, base, 'page'),
    only: { name: 'web' },
    url: 'config.url',
    topics: 'events',
    on: { active: true },
    settings: { content_type: 'config.content_type', insecure_ssl: 'config.insecure_ssl' },
    create({ url, topics, settings, secret = '' }) {
      const config = { url, ...settings, secret }
      return { json: { name: 'web', active: true, events: topics, config }, secrets: [secret] }
    },
  })

  return defineRegistrar({
    provider: 'github',
    account,
    kind: 'hook',
    secret: 'given',
    settings: { content_type: 'json', insecure_ssl: '0' },
    names: GITHUB_NAMES,
    ...endpoints,
    async update({ id, url, settings }, target) {
      await call('PATCH', `${base}/${id}`, { json: { events: target.topics } })
      // A PATCH of the hook with URL or settings would remove the secret. A PATCH of `/config` keeps the secret.
      if (url !== target.url || !sameSettings(settings, target)) {
        const json = { url: target.url, ...target.settings }
        await call('PATCH', `${base}/${id}/config`, { json })
      }
    },
    async failures({ id }) {
      const query = { per_page: 100 }
      const { json } = await call('GET', `${base}/${id}/deliveries`, { query })
      return rows(json, 'GitHub')
        .filter(({ status_code }) => !isSuccess(status_code))
        .map((each) => failedAt(each['delivered_at'], each['status_code'], each['status']))
    },
    async rotate(id, hand) {
      const secret = newSecret()
      await hand(memberIn(await get(id), 'config.url'), secret)
      await call('PATCH', `${base}/${id}/config`, { json: { secret }, secrets: [secret] })
    },
  })
}

function sameSettings(settings: Endpoint['settings'], target: EndpointTarget): boolean {
  return Object.entries(target.settings).every(([name, value]) => settings?.[name] === value)
}
