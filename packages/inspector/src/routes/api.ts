import { isWebhookError } from '@postern/core'
import { createSeal, type Inbox } from '@postern/core/inbox'
import type { ExplainReply } from '../api/detail.ts'
import { createBudgets } from '../budgets.ts'
import { createRemembered } from '../remembered.ts'
import type { Visitor } from '../gate/gate.ts'
import type { InspectorOptions } from '../options.ts'
import { json, problemReply, ApiProblem } from '../replies.ts'
import { MOST_BYTES, TOO_LARGE, type InspectorReply, type InspectorRequest } from '../request.ts'
import { once } from '../once.ts'
import { isSameOrigin } from '../same-origin.ts'
import { createVersion } from '../version.ts'
import type { Proofs } from '../health/proofs.ts'
import { createWeek } from '../health/week.ts'
import { createActed } from './acted.ts'
import { answerActions } from '../actions/actions.ts'
import { change } from './change.ts'
import { charts } from './charts.ts'
import { answerCopy } from './copy.ts'
import { answerDelivery, answerTask } from './detail.ts'
import { createEnds } from '../actions/ends.ts'
import { answerExplain } from './explain.ts'
import { answerHealth } from './health.ts'
import { answerList } from './list.ts'
import { createRegistered } from './registered.ts'
import { mute } from './mute.ts'
import { rerun } from './rerun.ts'
import { answerSample } from './sample.ts'
import { answerStatus } from './status.ts'
import { suggest } from './suggest.ts'
import type { Context } from './context.ts'

type Route = (context: Context) => unknown

const READS: Readonly<Record<string, Route>> = {
  status: answerStatus,
  version: async ({ version }) => ({ version: await version() }),
  health: sharing(answerHealth),
  charts: sharing(charts),
  list: sharing(answerList),
  actions: sharing(answerActions),
  suggest,
  delivery: answerDelivery,
  task: answerTask,
  explain: answerExplain,
  copy: answerCopy,
}
const ACTS: Readonly<Record<string, Route>> = {
  replay: change('replay'),
  discard: change('discard'),
  rerun,
  sample: answerSample,
  mute,
}

/** Answers the routes of the API. */
export type Api = (
  request: InspectorRequest,
  route: string,
  query: URLSearchParams,
  visitor: Visitor,
) => Promise<InspectorReply>

/** Makes an {@link Api}. Receivers are asked for at the first request, once. */
export function createApi(options: InspectorOptions<never>, inbox: () => Promise<Inbox>): Api {
  const receivers = once(async () => {
    const { receivers: given = [] } = options
    return Promise.all(
      (typeof given === 'function' ? await given() : given).map(async (one) => one),
    )
  })
  const version = createVersion(inbox)
  const now = (): number => Date.now()
  const seal = options.seal === undefined ? undefined : createSeal(options.seal, 'seal')
  const proofs: Proofs = new Map()
  const weekOf = createWeek(now)
  const acted = createActed(options)
  const budgetOf = createBudgets()
  const explained = createRemembered<ExplainReply>()
  const reads = { ...READS, registered: createRegistered(), ends: createEnds() }

  return async function api(request, route, query, visitor) {
    const acts = Object.hasOwn(ACTS, route)
    if (!acts && !Object.hasOwn(reads, route))
      return problemReply(404, 'not_found', 'nothing is here')
    if (acts ? request.method !== 'POST' : request.method !== 'GET' && request.method !== 'HEAD')
      return problemReply(405, 'method', acts ? 'POST alone' : 'GET alone')
    if (acts && !isSameOrigin(request))
      return problemReply(
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
        forget: version.forget,
        now,
        seal,
        proofs,
        budget: budgetOf(JSON.stringify([visitor.as, request.peer])),
        explained,
        weekOf,
        acted,
      }
      return json(await (acts ? ACTS[route]! : reads[route as keyof typeof reads]!)(context))
    } catch (error) {
      return failed(error)
    }
  }
}

/** Viewers with equal rights and questions share an answer. */
function sharing(route: Route): Route {
  return (context) => {
    const { query, visitor, shared } = context
    query.sort()
    return shared(`${route.name} ${visitor.payloads} ${query}`, async () => route(context))
  }
}

async function bodyOf(request: InspectorRequest): Promise<Readonly<Record<string, unknown>>> {
  const given = await request.body(MOST_BYTES)
  let value = given
  if (typeof given === 'string')
    try {
      value = JSON.parse(given)
    } catch {
      throw new ApiProblem(400, 'malformed', 'the body is no JSON')
    }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ApiProblem(400, 'malformed', 'the body must be a JSON object')
  return value as Readonly<Record<string, unknown>>
}

function failed(error: unknown): InspectorReply {
  if (error instanceof ApiProblem) return error.reply
  if (error instanceof RangeError && error.message === TOO_LARGE)
    return problemReply(413, 'too_large', `the body has more than ${MOST_BYTES} bytes`)
  // What a filter cannot mean, in the words of the inbox.
  if (error instanceof TypeError) return problemReply(400, 'malformed', error.message)
  const message = isWebhookError(error)
    ? error.message
    : error instanceof Error
      ? error.message
      : String(error)
  return problemReply(503, 'inbox_unavailable', message.slice(0, 500), 5)
}
