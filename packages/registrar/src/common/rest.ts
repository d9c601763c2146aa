import { RegistrarError } from '../errors.ts'
import type { Endpoint, FailedDelivery } from '../registrar.ts'
import type { ApiAnswer, ApiCall, ApiRequest } from './client.ts'
import { createPaging, type SourcePage } from './paging.ts'
import { asText, memberIn, endpointId, row, rows, texts, type Fields } from './read.ts'
import type { EndpointTarget, RegistrarSpec } from './spec.ts'

/** Without a cursor, returns the first page. */
export type ReadPage = (cursor?: string) => Promise<SourcePage<Fields>>

export interface ListPages {
  /** Path of the rows in the answer. @default '': the answer itself is the list */
  readonly rows?: string
  /** True if the sender leaves out the member for an empty list. @default false */
  readonly mayLack?: true
  readonly query?: ApiRequest['query']
  readonly headers?: Readonly<Record<string, string>>
  /**
   * The query parameter for the next page. `value` is the path of its value in the answer, or a function that returns
   * the value. Undefined means the last page. @default there is only one page
   */
  readonly next?: readonly [parameter: string, value: string | NextPage]
}

type NextPage = (
  answer: ApiAnswer,
  cursor: string | undefined,
  items: readonly Fields[],
) => string | undefined

export function pagesOf(call: ApiCall, title: string, path: string, list: ListPages): ReadPage {
  const { headers = {}, next: [parameter = '', value = () => undefined] = [] } = list
  const nextOf: NextPage =
    typeof value === 'function' ? value : ({ json }) => asText(memberIn(json, value)) || undefined
  return async (cursor) => {
    const query = { ...list.query, ...(cursor !== undefined && { [parameter]: cursor }) }
    const answer = await call('GET', path, { query, headers })
    const found = memberIn(answer.json, list.rows ?? '')
    const items = rows(list.mayLack ? (found ?? []) : found, title)
    return { items, next: nextOf(answer, cursor, items) }
  }
}

/**
 * Returns a function that returns the next page's number. `last` is the path of the last page's number in the answer.
 */
export function numbered(last: string): NextPage {
  return ({ json }, page = '1') =>
    Number(page) < Number(memberIn(json, last)) ? String(Number(page) + 1) : undefined
}

/**
 * Returns the rows of all pages. Throws `unexpected` if the list is not complete: from a partial list, a plan could
 * create an endpoint a second time.
 */
export async function everyRow(title: string, page: ReadPage): Promise<readonly Fields[]> {
  const { goesOn } = createPaging({ since: 0, until: 0 })
  const found: Fields[] = []
  let cursor: string | undefined
  do {
    const { items, next } = await page(cursor)
    for (const item of items) found.push(item)
    const entries = items.map((item) => ({
      id: asText(item['id'] ?? item['sid'] ?? item['gid'] ?? memberIn(item, 'sys.id')),
      at: 0,
    }))
    if (next !== undefined && !goesOn(entries))
      throw new RegistrarError('unexpected', `${title}: the list of endpoints does not end`)
    cursor = next
  } while (cursor !== undefined)
  return found
}

/** Paths of an endpoint's members in the sender's object. */
export interface EndpointMembers {
  /** Path of the id. @default 'id' */
  readonly id?: string
  readonly url: string
  /** Path of the list of topics, or a function that returns the topics. */
  readonly topics: string | ((endpoint: Fields) => readonly string[])
  /**
   * For a sender that delivers every event to an endpoint without topics: the topic of such an endpoint. @default none
   */
  readonly everything?: string
  /** An endpoint is turned on if it has these members with these values. */
  readonly on: Fields
  /** True if an endpoint that lacks the members of `on` is turned on. @default false */
  readonly usuallyOn?: true
  /** Settings, each with the path of its value. @default none */
  readonly settings?: Readonly<Record<string, string | ((endpoint: Fields) => string | boolean)>>
}

export function endpointReader(members: EndpointMembers): (endpoint: Fields) => Endpoint {
  const { id = 'id', url, topics, everything, on, usuallyOn, settings } = members
  return (endpoint) => {
    const named =
      typeof topics === 'function' ? topics(endpoint) : texts(memberIn(endpoint, topics))
    const isAll = named.length === 0 && everything !== undefined
    const values = Object.entries(settings ?? {}).map(([name, value]) => [
      name,
      typeof value === 'function' ? value(endpoint) : asText(memberIn(endpoint, value)),
    ])
    return {
      id: asText(memberIn(endpoint, id)),
      url: asText(memberIn(endpoint, url)),
      topics: isAll ? [everything] : named.toSorted(),
      enabled: has(usuallyOn ? { ...on, ...endpoint } : endpoint, on),
      state: 'active',
      ...(settings && { settings: Object.fromEntries(values) as Endpoint['settings'] & object }),
    }
  }
}

function has(endpoint: Fields, members: Fields): boolean {
  return Object.entries(members).every(([name, value]) => endpoint[name] === value)
}

interface RestApi extends EndpointMembers {
  readonly title: string
  /** Path of the list. The path of an endpoint is this path, followed by the endpoint's id. */
  readonly path: string
  /** Text at the end of each path, such as `/`. @default '' */
  readonly end?: string
  /** Path of the endpoint in an answer about one endpoint. @default '': the answer itself is the endpoint */
  readonly inside?: string
  readonly list: ListPages | ReadPage
  /**
   * A row of the list is a webhook if it has these members with these values. Other rows are ignored. @default every
   * row is a webhook
   */
  readonly only?: Fields
  /** Path of the secret, if the sender shows the secret. @default none */
  readonly secret?: string
  readonly create: (target: EndpointTarget) => ApiRequest
  /** Returns the members to change. Without this function, a plan replaces endpoints. */
  readonly shape?: (target: EndpointTarget) => Fields
  /** Changes members of an endpoint. @default a PATCH with these members */
  readonly change?: (id: string, members: Fields) => Promise<unknown>
}

type RestEndpoints = Required<Pick<RegistrarSpec, 'list' | 'create' | 'delete' | 'enable'>> &
  Pick<RegistrarSpec, 'update' | 'reveal'> & {
    readonly get: (id: string) => Promise<Fields>
  }

/** Makes the methods of a registrar that need only this description of the API. */
export function restEndpoints(call: ApiCall, api: RestApi): RestEndpoints {
  const { title, path, end = '', inside = '', list, only = {}, secret, shape } = api
  const page = typeof list === 'function' ? list : pagesOf(call, title, path + end, list)
  const pathOf = (id: string): string => `${path}/${id}${end}`
  const { change = (id, json) => call('PATCH', pathOf(id), { json }) } = api
  const get = async (id: string): Promise<Fields> =>
    row(memberIn((await call('GET', pathOf(id))).json, inside))
  return {
    get,
    async list() {
      const all = await everyRow(title, page)
      return all.filter((each) => has(each, only)).map(endpointReader(api))
    },
    async create(target) {
      const { json } = await call('POST', path + end, api.create(target))
      const made = memberIn(json, inside)
      const id = endpointId(memberIn(made, api.id ?? 'id'), title)
      return { id, ...(secret !== undefined && { secret: asText(memberIn(made, secret)) }) }
    },
    ...(shape && { update: async ({ id }, target) => void (await change(id, shape(target))) }),
    delete: async ({ id }) => void (await call('DELETE', pathOf(id), { allow: [404] })),
    enable: async (id) => void (await change(id, api.on)),
    ...(secret !== undefined && {
      async reveal(id, hand) {
        const endpoint = await get(id)
        await hand(memberIn(endpoint, api.url), memberIn(endpoint, secret))
      },
    }),
  }
}

/** Leaves out a status or a reason that is empty. */
export function failedAt(time: unknown, status: unknown, reason?: unknown): FailedDelivery {
  const [code, text] = [Number(status), asText(reason)]
  return {
    at: Date.parse(asText(time)),
    ...(code > 0 && { status: code }),
    ...(text !== '' && { reason: text }),
  }
}
