import { GITHUB_TOPICS } from '../topics/github.ts'
import { senderCall, type ApiAnswer, type ApiCall } from '../common/client.ts'
import type { TopicNames } from '../common/map.ts'
import type { ApiOptions, MakerName } from '../common/options.ts'
import { linkQuery, row, asText } from '../common/read.ts'
import { pagesOf, type ReadPage } from '../common/rest.ts'
import { topicList } from '../common/define.ts'

/** The owner of hooks at GitHub. Exactly one member must be given. */
export interface GithubOwner {
  /** The repository as `owner/name`. */
  readonly repository?: string
  /** Name of an organization. */
  readonly organization?: string
}

/** Returns the path of the hooks, and the account's name. Throws a `TypeError` unless exactly one owner is given. */
export function githubHooks(
  name: string,
  { repository, organization }: GithubOwner,
): { readonly account: string; readonly base: string } {
  if ((repository === undefined) === (organization === undefined))
    throw new TypeError(`${name}: give either repository ('owner/name') or organization`)
  if (organization !== undefined) {
    const base = `/orgs/${encodeURIComponent(organization)}/hooks`
    return { account: `organization ${organization}`, base }
  }
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository!))
    throw new TypeError(`${name}: repository: must be owner/name, got ${repository}`)
  return { account: `repository ${repository}`, base: `/repos/${repository}/hooks` }
}

export function githubClient(name: MakerName, options: ApiOptions): ApiCall {
  return senderCall(name, options, {
    title: 'GitHub',
    api: 'https://api.github.com',
    headers: (token) => ({
      authorization: `Bearer ${token}`,
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
    }),
    wait429: waitOfGithub,
    explain: explainGithub,
  })
}

export function githubPages(call: ApiCall, path: string, next: 'page' | 'cursor'): ReadPage {
  return pagesOf(call, 'GitHub', path, {
    query: { per_page: 100 },
    next: [
      next,
      ({ headers }) => {
        const [, link] = /<([^>]+)>;\s*rel="next"/.exec(headers.get('link') ?? '') ?? []
        return link === undefined ? undefined : (linkQuery(link, 'GitHub').get(next) ?? undefined)
      },
    ],
  })
}

/**
 * Returns the milliseconds that GitHub asks to wait. If a rate limit is exceeded, the status is 403 or 429. The wait is
 * in `retry-after`, or else ends at `x-ratelimit-reset` (seconds since 1970).
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
function waitOfGithub({ status, headers }: ApiAnswer): number | undefined {
  if (status !== 403 && status !== 429) return undefined
  const after = Number(headers.get('retry-after') ?? NaN)
  if (after >= 0) return after * 1000
  if (headers.get('x-ratelimit-remaining') !== '0') return undefined
  return Math.max(1000, Number(headers.get('x-ratelimit-reset')) * 1000 - Date.now())
}

function explainGithub(body: unknown): string | undefined {
  const { message, errors } = row(body)
  const details = Array.isArray(errors) ? errors.map((error) => asText(row(error)['message'])) : []
  return [asText(message), ...details].filter((part) => part !== '').join('; ') || undefined
}

const APP_ONLY = /* @__PURE__ */ new Set([
  'github_app_authorization',
  'installation',
  'installation_repositories',
  'installation_target',
])

/** GitHub subscribes to the first segment of a topic. `*` means every event. */
export const GITHUB_NAMES: TopicNames = {
  known: topicList(GITHUB_TOPICS).filter((name) => !APP_ONLY.has(name)),
  everything: '*',
  convert(pattern) {
    const [name = '', action] = pattern.split('.', 2)
    if (name.includes('*')) return undefined
    return { names: [name], wider: action !== undefined && action !== '*' && action !== '**' }
  },
  manual(pattern) {
    const [name = ''] = pattern.split('.', 1)
    if (name === 'ping') return 'GitHub sends ping by itself when a hook is made'
    return APP_ONLY.has(name) ? 'GitHub sends it to GitHub Apps, without a subscription' : undefined
  },
}
