import { deleteAt, type ApiAnswer } from './common/client.ts'
import { defineRegistrar, newSecret } from './common/define.ts'
import { everyRow } from './common/paging.ts'
import type { EndpointTarget } from './common/spec.ts'
import { githubClient, mapGithub, githubHooks } from './clients/github.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { endpointId, row, rows, asText, texts, type Fields } from './common/read.ts'
import type { Endpoint, FailedDelivery, Registrar } from './registrar.ts'

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
 * API: https://docs.github.com/en/rest/repos/webhooks, as described in npm @octokit/openapi.
 *
 * @example
 * const registrar = githubRegistrar({ token: process.env.GITHUB_TOKEN!, repository: 'octo/hello' })
 * const plan = await registrar.plan({ url: 'https://app.example/github', topics: receiver.topics })
 * await registrar.apply(plan, { secret: process.env.GITHUB_WEBHOOK_SECRET! })
 */
export function githubRegistrar(options: GithubRegistrarOptions): Registrar {
  const call = githubClient('githubRegistrar', options)
  const { account, base } = githubHooks('githubRegistrar', options)

  return defineRegistrar({
    provider: 'github',
    account,
    kind: 'hook',
    secret: 'given',
    settings: { content_type: 'json', insecure_ssl: '0' },
    map: mapGithub,
    async list() {
      const hooks = await everyRow('GitHub', async (page = '1') => {
        const answer = await call('GET', base, { query: { per_page: 100, page } })
        const next = hasNext(answer) ? String(Number(page) + 1) : undefined
        return { items: rows(answer.json, 'GitHub'), next }
      })
      return hooks.filter(({ name }) => name === 'web').map(toEndpoint)
    },
    async create({ url, topics, settings, secret = '' }) {
      const config = { url, ...settings, secret }
      const json = { name: 'web', active: true, events: topics, config }
      const answer = await call('POST', base, { json, secrets: [secret] })
      return { id: endpointId(row(answer.json)['id'], 'GitHub') }
    },
    async update({ id, url, settings }, target) {
      await call('PATCH', `${base}/${id}`, { json: { events: target.topics } })
      // URL and settings are changed at their own path, because setting them with a PATCH of the hook would remove the
      // secret.
      if (url !== target.url || !sameSettings(settings, target)) {
        const json = { url: target.url, ...target.settings }
        await call('PATCH', `${base}/${id}/config`, { json })
      }
    },
    delete: deleteAt(call, base),
    async failures({ id }) {
      const query = { per_page: 100 }
      const answer = await call('GET', `${base}/${id}/deliveries`, { query })
      return rows(answer.json, 'GitHub').filter(isFailure).map(toFailure)
    },
    async enable(id) {
      await call('PATCH', `${base}/${id}`, { json: { active: true } })
    },
    async rotate(id, hand) {
      const answer = await call('GET', `${base}/${id}`)
      const secret = newSecret()
      await hand(row(row(answer.json)['config'])['url'], secret)
      await call('PATCH', `${base}/${id}/config`, { json: { secret }, secrets: [secret] })
    },
  })
}

function toEndpoint(hook: Fields): Endpoint {
  const config = row(hook['config'])
  return {
    id: asText(hook['id']),
    url: asText(config['url']),
    topics: texts(hook['events']).toSorted(),
    enabled: hook['active'] === true,
    state: 'active',
    settings: {
      content_type: asText(config['content_type']),
      insecure_ssl: asText(config['insecure_ssl']),
    },
  }
}

function sameSettings(settings: Endpoint['settings'], target: EndpointTarget): boolean {
  return Object.entries(target.settings).every(([name, value]) => settings?.[name] === value)
}

function hasNext(answer: ApiAnswer): boolean {
  return /\brel="next"/.test(answer.headers.get('link') ?? '')
}

function isFailure({ status_code: status }: Fields): boolean {
  return typeof status !== 'number' || status < 200 || status > 299
}

function toFailure(delivery: Fields): FailedDelivery {
  const status = Number(delivery['status_code'])
  return {
    at: Date.parse(asText(delivery['delivered_at'])),
    ...(status > 0 && { status }),
    reason: asText(delivery['status']),
  }
}
