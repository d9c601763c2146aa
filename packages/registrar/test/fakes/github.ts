// GitHub's webhooks of a repository, as described at https://docs.github.com/en/rest/repos/webhooks.
import { load } from './description.ts'
import { startFake, type Fake, type FakeAnswer, type FakeRequest } from './fake.ts'

export const GITHUB_TOKEN = 'ghp_fake0123456789fake0123456789fake'

export interface GithubDelivery {
  readonly id: number
  readonly guid: string
  readonly delivered_at: string
  readonly status_code: number
  readonly event: string
  readonly action: string | null
  readonly payload?: unknown
  readonly redelivery?: boolean
}

export interface GithubState {
  /** Deliveries, newest first. */
  deliveries?: GithubDelivery[]
  /** Called when a redelivery is asked for. */
  redeliver?: (delivery: GithubDelivery) => void
  pageSize?: number
}

interface Hook {
  id: number
  url: string
  secret: string | undefined
  content_type: string
  insecure_ssl: string
  events: string[]
  active: boolean
}

export async function startGithub(
  state: GithubState = {},
  base = '/repos/{owner}/{repo}/hooks',
): Promise<Fake & { readonly hooks: Hook[] }> {
  let next = 100
  const hooks: Hook[] = [
    {
      id: 7,
      url: 'https://stranger.example/hooks',
      secret: 'theirs',
      content_type: 'form',
      insecure_ssl: '0',
      events: ['push'],
      active: true,
    },
  ]
  const one = (request: FakeRequest, then: (hook: Hook) => FakeAnswer): FakeAnswer => {
    const hook = hooks.find(({ id }) => String(id) === request.params['hook_id'])
    return hook ? then(hook) : { status: 404, json: { message: 'Not Found' } }
  }
  const configure = (hook: Hook, config: Partial<Hook>): void => {
    for (const name of ['url', 'content_type', 'insecure_ssl', 'secret'] as const)
      if (config[name] !== undefined) hook[name] = config[name]
  }
  const deliveries = (): GithubDelivery[] => state.deliveries ?? []
  const fake = await startFake({
    description: load('github'),
    reject: ({ authorization, ...headers }) =>
      authorization === `Bearer ${GITHUB_TOKEN}` && headers['user-agent'] !== undefined
        ? undefined
        : { status: 401, json: { message: 'Bad credentials' } },
    invalid: (reason) => ({
      status: 422,
      json: { message: 'Validation Failed', errors: [{ message: reason }] },
    }),
    routes: {
      [`GET ${base}`]: ({ query }) => paged(hooks.map(shown), query),
      [`POST ${base}`]: ({ body }) => {
        const problem = ruleOf(body) ?? same(hooks, body)
        if (problem !== undefined) return rejection(problem)
        const hook: Hook = {
          id: next++,
          url: '',
          secret: undefined,
          content_type: 'form',
          insecure_ssl: '0',
          events: body.events ?? ['push'],
          active: body.active ?? true,
        }
        configure(hook, body.config)
        hooks.push(hook)
        return { status: 201, json: shown(hook) }
      },
      [`GET ${base}/{hook_id}`]: (request) => one(request, (hook) => ({ json: shown(hook) })),
      [`PATCH ${base}/{hook_id}`]: (request) =>
        one(request, (hook) => {
          const { config, events, active } = request.body
          // A new config replaces the whole old one. If it has no secret, the hook has none.
          if (config) {
            hook.secret = undefined
            configure(hook, config)
          }
          if (events) hook.events = events
          if (active !== undefined) hook.active = active
          return { json: shown(hook) }
        }),
      [`DELETE ${base}/{hook_id}`]: (request) =>
        one(request, (hook) => {
          hooks.splice(hooks.indexOf(hook), 1)
          return { status: 204 }
        }),
      [`PATCH ${base}/{hook_id}/config`]: (request) =>
        one(request, (hook) => {
          configure(hook, request.body)
          return { json: configOf(hook) }
        }),
      [`GET ${base}/{hook_id}/deliveries`]: ({ query }) => cursored(deliveries(), query, state),
      [`GET ${base}/{hook_id}/deliveries/{delivery_id}`]: ({ params }) => {
        const found = deliveries().find(({ id }) => String(id) === params['delivery_id'])
        return found ? { json: detail(found) } : { status: 404, json: { message: 'Not Found' } }
      },
      [`POST ${base}/{hook_id}/deliveries/{delivery_id}/attempts`]: ({ params }) => {
        const found = deliveries().find(({ id }) => String(id) === params['delivery_id'])
        if (!found) return { status: 404, json: { message: 'Not Found' } }
        state.redeliver?.(found)
        return { status: 202, json: {} }
      },
    },
  })
  return { ...fake, hooks }
}

function ruleOf({ name, config, events }: any): string | undefined {
  if (name !== 'web') return 'name must be web'
  if (!/^https?:/.test(config?.url ?? '')) return 'config.url is required'
  if (events?.length === 0) return 'events must not be empty'
  return undefined
}

// "Multiple webhooks can share the same config as long as they do not have any events that overlap."
function same(hooks: readonly Hook[], { config, events }: any): string | undefined {
  const overlap = hooks.some(
    (hook) => hook.url === config.url && hook.events.some((event) => events.includes(event)),
  )
  return overlap ? 'Hook already exists on this repository' : undefined
}

function rejection(message: string): FakeAnswer {
  return { status: 422, json: { message: 'Validation Failed', errors: [{ message }] } }
}

function configOf({ url, content_type, insecure_ssl, secret }: Hook): object {
  return { url, content_type, insecure_ssl, ...(secret !== undefined && { secret: '********' }) }
}

function shown(hook: Hook): object {
  const self = `https://api.github.com/repos/octo/hello/hooks/${hook.id}`
  return {
    type: 'Repository',
    id: hook.id,
    name: 'web',
    active: hook.active,
    events: hook.events,
    config: configOf(hook),
    updated_at: '2026-01-01T00:00:00Z',
    created_at: '2026-01-01T00:00:00Z',
    url: self,
    test_url: `${self}/tests`,
    ping_url: `${self}/pings`,
    deliveries_url: `${self}/deliveries`,
    last_response: { code: null, status: 'unused', message: null },
  }
}

function paged(all: readonly object[], query: Readonly<Record<string, any>>): FakeAnswer {
  const size = Number(query['per_page'] ?? 30)
  const page = Number(query['page'] ?? 1)
  const more = page * size < all.length
  const link = `<https://api.github.com/x?page=${page + 1}>; rel="next"`
  return { json: all.slice((page - 1) * size, page * size), ...(more && { headers: { link } }) }
}

function cursored(
  all: readonly GithubDelivery[],
  query: Readonly<Record<string, any>>,
  { pageSize }: GithubState,
): FakeAnswer {
  const size = Math.min(Number(query['per_page'] ?? 30), pageSize ?? 100)
  const cursor = query['cursor'] as string | undefined
  const from = cursor === undefined ? 0 : all.findIndex(({ id }) => `v1_${id}` === cursor)
  const next = all[from + size]
  const link =
    next && `<https://api.github.com/x?per_page=${size}&cursor=v1_${next.id}>; rel="next"`
  return { json: all.slice(from, from + size).map(item), ...(link && { headers: { link } }) }
}

function item({ payload: _payload, ...delivery }: GithubDelivery): object {
  return {
    redelivery: false,
    duration: 0.1,
    status: delivery.status_code >= 200 && delivery.status_code < 300 ? 'OK' : 'failed to connect',
    installation_id: null,
    repository_id: 1,
    throttled_at: null,
    ...delivery,
  }
}

function detail(delivery: GithubDelivery): object {
  return {
    ...item(delivery),
    url: 'https://app.example/github',
    request: {
      headers: {
        'X-GitHub-Delivery': delivery.guid,
        'X-GitHub-Event': delivery.event,
        'content-type': 'application/json',
      },
      payload: delivery.payload ?? {},
    },
    response: { headers: {}, payload: null },
  }
}
