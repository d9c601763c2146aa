import { stringifyJson } from '@postern/core/internal'
import { githubClient, githubHooks, githubPages, type GithubOwner } from '../clients/github.ts'
import type { ApiOptions, Token } from '../common/options.ts'
import { attemptList } from '../common/paging.ts'
import { row, asText, memberIn, isSuccess, time } from '../common/read.ts'
import { everyRow } from '../common/rest.ts'
import { RegistrarError } from '../errors.ts'
import type { PayloadSource, RedeliverySource } from '../source.ts'

/** Options of {@link githubEvents} and {@link githubRedelivery}: give `repository`, `organization` or `app`. */
export interface GithubSourceOptions extends ApiOptions, GithubOwner {
  /**
   * A token that may read hooks and, for redeliveries, write hooks. For an App, a function that returns the App's JSON
   * Web Token.
   */
  readonly token: Token
  /** The URL of the hook. For an App, leave the URL out: an App has only one hook. */
  readonly url?: string
  /** True for the hook of a GitHub App. @default false */
  readonly app?: boolean
}

/**
 * Lists the deliveries of the last days to one hook at GitHub, with payloads. All attempts of an event share one GUID,
 * which is in `X-GitHub-Delivery`. If one attempt succeeded, the event counts as delivered. Two Apps can get the same
 * GUID with different payloads, so give their receivers different names.
 *
 * API: https://docs.github.com/en/rest/repos/webhooks#list-deliveries-for-a-repository-webhook
 *
 * @example
 * const source = githubEvents({ token, repository: 'octo/hello', url: 'https://app.example/github' })
 */
export function githubEvents(options: GithubSourceOptions): PayloadSource {
  const { call, base, ...shared } = githubSource('githubEvents', options)
  return {
    kind: 'payload',
    ...shared,
    async read({ ref }) {
      const { json } = await call('GET', `${await base()}/deliveries/${ref}`)
      const { headers, payload } = row(row(json)['request'])
      const kept = Object.entries(row(headers)).filter(([name]) => !/^x-hub-signature/i.test(name))
      const strings = Object.fromEntries(
        kept.map(([name, value]) => [name.toLowerCase(), asText(value)]),
      )
      // The API returns JSON, even if the hook's deliveries are forms.
      return {
        headers: { ...strings, 'content-type': 'application/json' },
        body: stringifyJson(payload),
      }
    },
  }
}

/**
 * Lists the deliveries of a hook, and asks GitHub to send them again, signed and with the same GUID. GitHub keeps
 * deliveries for 3 days.
 *
 * API: https://docs.github.com/en/rest/repos/webhooks#redeliver-a-delivery-for-a-repository-webhook
 *
 * @example
 * const source = githubRedelivery({ token, repository: 'octo/hello', url: 'https://app.example/github' })
 */
export function githubRedelivery(options: GithubSourceOptions): RedeliverySource {
  const { call, base, ...shared } = githubSource('githubRedelivery', options)
  return {
    kind: 'redelivery',
    ...shared,
    async redeliver({ ref }) {
      await call('POST', `${await base()}/deliveries/${ref}/attempts`)
    },
  }
}

function githubSource(name: 'githubEvents' | 'githubRedelivery', options: GithubSourceOptions) {
  const call = githubClient(name, options)
  const { app = false, url } = options
  if (app !== (url === undefined)) throw new TypeError(`${name}: give url, or app: true`)
  const owner = app ? { account: 'app', base: '/app/hook' } : githubHooks(name, options)
  let found: string | undefined
  const base = async (): Promise<string> => (found ??= app ? owner.base : await findHook())
  const list = attemptList({
    provider: 'GitHub',
    page: async (cursor) => githubPages(call, `${await base()}/deliveries`, 'cursor')(cursor),
    event(attempt) {
      const [event, action] = [asText(attempt['event']), asText(attempt['action'])]
      return {
        id: asText(attempt['guid']),
        topic: action === '' ? event : `${event}.${action}`,
        at: time(attempt['delivered_at']),
        undelivered: !isSuccess(attempt['status_code']),
        ref: asText(attempt['id']),
      }
    },
  })
  return { provider: 'github', account: owner.account, call, base, list }

  async function findHook(): Promise<string> {
    const hooks = await everyRow('GitHub', githubPages(call, owner.base, 'page'))
    const hook = hooks.find((each) => memberIn(each, 'config.url') === url)
    if (hook !== undefined) return `${owner.base}/${asText(hook['id'])}`
    throw new RegistrarError(
      'not_found',
      `${name}: url: no hook of ${owner.account} has ${url}: register it with githubRegistrar, or give the URL of a hook that is there`,
    )
  }
}
