import { isWebhookError } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import type { Visitor } from '../gate/gate.ts'
import type { Inspected, InspectorOptions } from '../options.ts'
import { json, problem, Problem } from '../replies.ts'
import { MOST_BYTES, type InspectorReply, type InspectorRequest } from '../request.ts'
import { isSameOrigin } from '../same-origin.ts'
import { createVersion } from '../version.ts'
import { status } from './status.ts'

/** What a route works with. */
export interface Context {
  readonly inbox: Inbox
  readonly receivers: readonly Inspected[]
  readonly options: InspectorOptions<never>
  readonly visitor: Visitor
  readonly query: URLSearchParams
  /** The JSON body of an action. */
  readonly body: Readonly<Record<string, unknown>>
  /** Answers equal questions within a version of the inbox once. */
  readonly shared: <T>(key: string, ask: () => Promise<T>) => Promise<T>
  readonly version: () => Promise<string>
}

type Route = (context: Context) => unknown

const READS: Readonly<Record<string, Route>> = {
  status,
  version: async ({ version }) => ({ version: await version() }),
}
const ACTS: Readonly<Record<string, Route>> = {}

/** Answers the routes of the API. */
export type Api = (
  request: InspectorRequest,
  route: string,
  query: URLSearchParams,
  visitor: Visitor,
) => Promise<InspectorReply>

/** Makes it. Inbox and receivers are asked for at the first request, once. */
export function createApi(options: InspectorOptions<never>): Api {
  const inbox = once(async () =>
    typeof options.inbox === 'function' ? options.inbox() : options.inbox,
  )
  const receivers = once(async () => {
    const { receivers: given = [] } = options
    return Promise.all(
      (typeof given === 'function' ? await given() : given).map(async (one) => one),
    )
  })
  const version = createVersion(inbox)

  return async function api(request, route, query, visitor) {
    const acts = Object.hasOwn(ACTS, route)
    if (!acts && !Object.hasOwn(READS, route)) return problem(404, 'not_found', 'nothing is here')
    if (acts ? request.method !== 'POST' : request.method !== 'GET' && request.method !== 'HEAD')
      return problem(405, 'method', acts ? 'POST alone' : 'GET alone')
    if (acts && !isSameOrigin(request))
      return problem(
        403,
        'cross_site',
        'an action needs the header x-postern-action: 1 and a same-origin Origin or Sec-Fetch-Site',
      )
    try {
      const body = acts ? await bodyOf(request) : {}
      const context: Context = {
        inbox: await inbox(),
        receivers: await receivers(),
        options,
        visitor,
        query,
        body,
        shared: version.shared,
        version: version.current,
      }
      return json(await (acts ? ACTS[route]! : READS[route]!)(context))
    } catch (error) {
      return failed(error)
    }
  }
}

async function bodyOf(request: InspectorRequest): Promise<Readonly<Record<string, unknown>>> {
  const given = await request.body()
  let value = given
  if (typeof given === 'string')
    try {
      value = JSON.parse(given)
    } catch {
      throw new Problem(400, 'malformed', 'the body is no JSON')
    }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Problem(400, 'malformed', 'the body must be a JSON object')
  return value as Readonly<Record<string, unknown>>
}

function failed(error: unknown): InspectorReply {
  if (error instanceof Problem) return error.reply
  if (error instanceof RangeError && error.message === TOO_LARGE)
    return problem(413, 'too_large', `the body has more than ${MOST_BYTES} bytes`)
  // What a filter cannot mean, in the words of the inbox.
  if (error instanceof TypeError) return problem(400, 'malformed', error.message)
  const message = isWebhookError(error)
    ? error.message
    : error instanceof Error
      ? error.message
      : String(error)
  return problem(503, 'inbox_unavailable', message.slice(0, 500), 5)
}

/** Message of the RangeError that `InspectorRequest.body` rejects with. */
export const TOO_LARGE = 'too large'

/** Asks once. A failure is asked again. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined
  return () => {
    asked ??= ask().catch((error: unknown) => {
      asked = undefined
      throw error
    })
    return asked
  }
}
