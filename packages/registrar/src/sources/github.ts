import { stringifyJson } from '@postern/core/internal'
import type { ApiAnswer, ApiCall } from '../common/client.ts'
import { githubClient, githubHooks, type GithubOwner } from '../clients/github.ts'
import type { ApiOptions, Token } from '../common/options.ts'
import { boundsOf, createCounting, createPaging, finite } from '../common/paging.ts'
import { linkQuery, row, rows, asText, time, type Fields } from '../common/read.ts'
import { RegistrarError } from '../errors.ts'
import type { ListedEvent, PayloadSource, Range, RedeliverySource, Source } from '../source.ts'

/** Options of {@link githubEvents} and {@link githubRedelivery}: give `repository`, `organization` or `app`. */
export interface GithubSourceOptions extends ApiOptions, GithubOwner {
  /**
   * A token that may read hooks and, for redeliveries, write hooks. For an App, a function that returns the App's JSON
   * Web Token.
   */
  readonly token: Token
  /** The URL of the hook. Leave it out for an App, which has one hook. */
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
      // The API returns the payload as JSON, even if the hook's deliveries are forms.
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

interface GithubList {
  readonly provider: string
  readonly account: string
  readonly list: Source['list']
  readonly call: ApiCall
  readonly base: () => Promise<string>
}

function githubSource(
  name: 'githubEvents' | 'githubRedelivery',
  options: GithubSourceOptions,
): GithubList {
  const call = githubClient(name, options)
  const { app = false, url } = options
  if (app !== (url === undefined)) throw new TypeError(`${name}: give url, or app: true`)
  const owner = app ? { account: 'app', base: '/app/hook' } : githubHooks(name, options)
  let found: string | undefined
  const base = async (): Promise<string> => (found ??= app ? owner.base : await findHook())
  return { provider: 'github', account: owner.account, call, base, list }

  async function findHook(): Promise<string> {
    const goesOn = createCounting()
    for (let page = 1; ; page++) {
      const answer = await call('GET', owner.base, { query: { per_page: 100, page } })
      const hooks = rows(answer.json, 'GitHub')
      const hook = hooks.find((each) => asText(row(each['config'])['url']) === url)
      if (hook !== undefined) return `${owner.base}/${asText(hook['id'])}`
      if (
        cursorOf(answer, 'page') === undefined ||
        !goesOn(hooks.map((each) => asText(each['id'])))
      )
        throw new RegistrarError(
          'not_found',
          `${name}: url: no hook of ${owner.account} has ${url}: register it with githubRegistrar, or give the URL of a hook that is there`,
        )
    }
  }

  // In the list, other entries may be between two attempts of one event. The event's time is that of its oldest
  // attempt, so the whole range is read first.
  async function* list(range: Range): AsyncIterable<ListedEvent, boolean | 'endless'> {
    const { since, until, undelivered } = boundsOf(range)
    const limit = range.limit ?? 10_000
    const groups = new Map<string, Group>()
    const path = `${await base()}/deliveries`
    const paging = createPaging({ since, until, limit })
    let cursor: string | undefined
    let isCut = false
    read: do {
      const answer = await call('GET', path, { query: { per_page: 100, cursor } })
      const attempts = rows(answer.json, 'GitHub')
      for (const attempt of attempts) {
        if (sentAt(attempt) < since) break read
        add(groups, attempt)
        if (groups.size > limit) break read
      }
      cursor = cursorOf(answer, 'cursor')
      isCut =
        cursor !== undefined &&
        !paging.goesOn(attempts.map((one) => ({ id: asText(one['id']), at: sentAt(one) })))
    } while (cursor !== undefined && !isCut)
    const events = [...groups.values()].toSorted((a, b) => b.at - a.at).slice(0, limit)
    for (const { delivered, ...event } of events)
      if (event.at <= until && !(undelivered && delivered))
        yield { ...event, undelivered: !delivered }
    return isCut ? 'endless' : groups.size > limit
  }
}

interface Group {
  readonly id: string
  readonly topic: string
  readonly ref: string
  at: number
  delivered: boolean
}

function sentAt(attempt: Fields): number {
  return finite(time(attempt['delivered_at']), 'GitHub', asText(attempt['id']))
}

function add(groups: Map<string, Group>, attempt: Fields): void {
  const id = asText(attempt['guid'])
  const at = sentAt(attempt)
  const status = Number(attempt['status_code'])
  const succeeded = status >= 200 && status < 300
  const known = groups.get(id)
  if (known !== undefined) {
    known.at = at
    known.delivered ||= succeeded
    return
  }
  const action = asText(attempt['action'])
  const topic = action === '' ? asText(attempt['event']) : `${asText(attempt['event'])}.${action}`
  groups.set(id, { id, topic, at, ref: asText(attempt['id']), delivered: succeeded })
}

function cursorOf({ headers }: ApiAnswer, name: string): string | undefined {
  const [, next] = /<([^>]+)>;\s*rel="next"/.exec(headers.get('link') ?? '') ?? []
  return next === undefined ? undefined : (linkQuery(next, 'GitHub').get(name) ?? undefined)
}
