import type { Mapping } from '../registrar.ts'
import { GITHUB_TOPICS } from '../topics/github.ts'
import type { ApiAnswer, ApiCall } from '../common/client-types.ts'
import { createApiCall } from '../common/client.ts'
import { mapTopics } from '../common/map.ts'
import { tokenOf, type ApiOptions, type Token } from '../common/options.ts'
import { row, asText } from '../common/read.ts'
import { topicList } from '../common/define.ts'

/** Where hooks live at GitHub. */
export interface GithubOwner {
  /** `owner/name` of a repository. Exactly one owner is given. */
  readonly repository?: string
  /** Name of an organization. */
  readonly organization?: string
}

/** The path of an owner's hooks. Throws a `TypeError` unless exactly one owner is given. */
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

/** Calls GitHub's REST API with a token that the option `name` gave. */
export function githubClient(name: string, token: Token, options: ApiOptions): ApiCall {
  const read = tokenOf(name, token)
  return createApiCall({
    ...options,
    title: 'GitHub',
    api: options.api ?? 'https://api.github.com',
    headers: async () => ({
      authorization: `Bearer ${await read()}`,
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
    }),
    wait429: waitOfGithub,
    explain: explainGithub,
  })
}

/**
 * How long GitHub asks to wait. It answers 403 too when a rate limit is used up; then `x-ratelimit-reset` is the second
 * the limit starts again, and `retry-after` counts if it is sent.
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
function waitOfGithub({ status, headers }: ApiAnswer): number | undefined {
  if (status !== 403 && status !== 429) return undefined
  const after = Number(headers.get('retry-after') ?? NaN)
  if (after >= 0) return after * 1000
  if (headers.get('x-ratelimit-remaining') !== '0') return undefined
  return Math.max(1000, Number(headers.get('x-ratelimit-reset')) * 1000 - Date.now())
}

/** Topics of GitHub's events: the first segment of a pattern, and `*` for everything. */
export function mapGithub(patterns: readonly string[]): Mapping {
  return mapTopics(patterns, {
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
      return APP_ONLY.has(name)
        ? 'GitHub sends it to GitHub Apps, without a subscription'
        : undefined
    },
  })
}

/** GitHub's own words for what was wrong with a request. */
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
