import { isWebhookError, logger, type Observer, type Json } from '@postern/core'
import { type ActedInfo, parseJson, madeOf } from '@postern/core/internal'
import type { Inbox } from '@postern/core/inbox'
import { json, problemReply, ApiProblem } from '../replies.ts'
import { createAnswerCache, once } from '../kept.ts'
import type { Visitor } from '../gate/gate.ts'
import type { InspectorOptions, AskSender } from '../options.ts'
import {
  MOST_BYTES,
  TOO_LARGE,
  type InspectorReply,
  type InspectorRequest,
  isSameOrigin,
} from '../request.ts'
import { createVersion } from '../version.ts'
import { answerActions } from '../actions/actions.ts'
import { change, demand, mayDo } from './change.ts'
import { charts } from './charts.ts'
import { answerCopy } from './copy.ts'
import { answerDelivery, answerTask } from './detail.ts'
import { createEnds } from '../actions/ends.ts'
import { answerDownload } from './download.ts'
import { answerExplain } from './explain.ts'
import { answerHealth } from './health.ts'
import { answerList } from './list.ts'
import { mute } from './mute.ts'
import { suggest } from './suggest.ts'
import { contextParts, givenReceivers, type Context } from './context.ts'
import type { Provider } from '@postern/core/scheme'
import type { RerunReply, SampleReply } from '../api/change.ts'
import type { RegisteredReply } from '../api/health.ts'
import type { Action, StatusReply } from '../api.ts'

async function answerStatus({ inbox, receivers, options, visitor }: Context): Promise<StatusReply> {
  const stats = (await inbox.view?.stats()) ?? []
  const all: readonly Action[] = ['replay', 'delete', 'rerun', 'sample', 'mute']
  return {
    name: options.name ?? 'postern',
    inbox: inbox.name,
    hasHandlers: receivers.length > 0,
    receivers: [
      ...new Set([...receivers.map(({ name }) => name), ...stats.map(({ receiver }) => receiver)]),
    ].map((name) => {
      const receiver = receivers.find((one) => one.name === name)
      return {
        name,
        provider: receiver?.provider.name ?? name,
        title: receiver ? titleOf(receiver.provider) : name,
        topics: receiver?.topics ?? [],
        subscriptions: [
          ...new Set(stats.flatMap((lane) => (lane.receiver === name ? lane.subscription : []))),
        ],
        canSign: receiver?.provider.sign !== undefined,
      }
    }),
    hasRegistered: options.registered !== undefined,
    search: inbox.can.search,
    visitor: {
      ...(visitor.as !== undefined && { as: visitor.as }),
      actions: all.filter((action) => mayDo(visitor, action, receivers.length > 0)),
      payloads: visitor.payloads,
      canSignOut: visitor.canSignOut,
    },
    now: Date.now(),
  }
}

function titleOf(provider: Provider): string {
  const title = madeOf(provider)?.factory.about.title ?? provider.name
  return provider.inner ? `${titleOf(provider.inner)} behind ${title}` : title
}

/** Signs a sample event and passes it to the receiver, as if the sender had sent it. */
async function answerSample({ receivers, visitor, body, acted }: Context): Promise<SampleReply> {
  demand(visitor, 'sample', receivers.length > 0)
  const { receiver: name, topic } = body
  const receiver = receivers.find((one) => one.name === name)
  if (!receiver) throw new ApiProblem(404, 'receiver', 'this receiver is not in this process')
  if (topic !== undefined && typeof topic !== 'string')
    throw new ApiProblem(400, 'topic', 'topic must be a string')
  if (!receiver.provider.sign)
    throw new ApiProblem(409, 'cannot_sign', `only ${receiver.provider.name} has the key to sign`)
  const { samples, signedInit } = await import('@postern/samples')
  const known = topic === undefined ? await samples(receiver.provider.name).catch(() => []) : []
  // Without a `topic`, choose a sample whose topic has a handler: otherwise no handler would run.
  const wanted = topic ?? known.find((one) => receiver.subscribes(one.topic))?.topic
  const { status, body: reply } = await receiver.receive(
    await signedInit(receiver.provider, wanted),
  )
  acted({
    action: 'sample',
    as: visitor.as,
    count: 1,
    target: JSON.stringify({ receiver: name, topic: wanted }),
  })
  const text =
    reply === undefined || !visitor.payloads
      ? ''
      : typeof reply === 'string'
        ? reply
        : new TextDecoder().decode(reply)
  return { status, reply: text }
}

async function rerun({ inbox, visitor, body, receivers, acted }: Context): Promise<RerunReply> {
  demand(visitor, 'rerun', receivers.length > 0)
  const { task, payload } = body
  if (typeof task !== 'string' || typeof payload !== 'string')
    throw new ApiProblem(400, 'task', 'task must be its id, and payload a string of JSON')
  const found = await inbox.view?.get(task)
  if (!found) throw new ApiProblem(404, 'gone', 'this task was deleted')
  const receiver = receivers.find(({ name }) => name === found.receiver) ?? receivers[0]!
  const edited = parsed(payload, receiver.limits.depth)
  const id = await inbox.view!.rerun(task, {
    payload: edited,
    ...(visitor.as !== undefined && { by: visitor.as.slice(0, 200) }),
  })
  acted({ action: 'rerun', as: visitor.as, count: 1, target: JSON.stringify({ id: task }) })
  return { task: id }
}

/** Parses a payload with the rules for the body of a delivery: a maximum depth, and no keys that change prototypes. */
function parsed(payload: string, depth: number): Json {
  try {
    return parseJson(payload, { depth }) as Json
  } catch (error) {
    if (!isWebhookError(error)) throw error
    throw new ApiProblem(400, 'payload', error.message.replace('the body', 'the payload'))
  }
}

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
  download: answerDownload,
}
const ACTS: Readonly<Record<string, Route>> = {
  replay: change('replay'),
  delete: change('delete'),
  rerun,
  sample: answerSample,
  mute,
}

export type Api = (
  request: InspectorRequest,
  route: string,
  query: URLSearchParams,
  visitor: Visitor,
) => Promise<InspectorReply>

/** If `receivers` is a function, it is called once, at the first request. */
export function createApi(options: InspectorOptions<never>, inbox: () => Promise<Inbox>): Api {
  const receivers = once(() => givenReceivers(options))
  const version = createVersion(inbox)
  const { budgetOf, ...parts } = contextParts(options)
  const acted = createActed(options)
  const reads = { ...READS, registered: createRegistered(), ends: createEnds() }

  return async function api(request, route, query, visitor) {
    const acts = Object.hasOwn(ACTS, route)
    if (!acts && !Object.hasOwn(reads, route))
      return problemReply(404, 'not_found', 'nothing is here')
    if (acts ? request.method !== 'POST' : request.method !== 'GET' && request.method !== 'HEAD')
      return problemReply(405, 'method', acts ? 'method must be POST' : 'method must be GET')
    if (acts && !isSameOrigin(request))
      return problemReply(
        403,
        'cross_site',
        'an action needs the header x-postern-action: 1 and a same-origin Origin or Sec-Fetch-Site',
      )
    try {
      const body = acts ? await bodyOf(request) : {}
      const context: Context = {
        ...parts,
        inbox: await inbox(),
        receivers: await receivers(),
        visitor,
        query,
        body,
        shared: version.shared,
        version: version.current,
        forget: version.forget,
        budget: budgetOf(JSON.stringify([visitor.as, request.peer])),
        acted,
      }
      if (route === 'download') return await answerDownload(context)
      return json(await (acts ? ACTS[route]! : reads[route as keyof typeof reads]!)(context))
    } catch (error) {
      return failed(error)
    }
  }
}

/** Makes a route that computes one answer for all viewers with the same query and the same value of `payloads`. */
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
      throw new ApiProblem(400, 'malformed', 'the body is not JSON')
    }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ApiProblem(400, 'malformed', 'the body must be a JSON object')
  return value as Readonly<Record<string, unknown>>
}

function failed(error: unknown): InspectorReply {
  if (error instanceof ApiProblem) return error.reply
  if (error instanceof RangeError && error.message === TOO_LARGE)
    return problemReply(413, 'too_large', `the body has more than ${MOST_BYTES} bytes`)
  // The inbox throws a TypeError for a wrong filter. The message says what is wrong.
  if (error instanceof TypeError) return problemReply(400, 'malformed', error.message)
  const message = isWebhookError(error)
    ? error.message
    : error instanceof Error
      ? error.message
      : String(error)
  return problemReply(503, 'inbox_unavailable', message.slice(0, 500), 5)
}

function createActed(options: InspectorOptions<never>): (action: ActedInfo) => void {
  const { observers = [], log = logger() } = options
  const all: readonly Observer[] = log === false ? observers : [log, ...observers]
  return (action) => {
    for (const observer of all)
      try {
        observer.operatorActed?.(action)
      } catch {
        // An observer that throws must not make the action fail.
      }
  }
}

type Row = RegisteredReply['receivers'][number]

/**
 * Makes the route that lists registered endpoints. Each sender is asked at most once per minute. If a sender does not
 * answer, the rows of the other senders are still returned.
 */
function createRegistered(): (context: Context) => Promise<RegisteredReply> {
  // An answer is used for a minute, since senders limit the number of API calls.
  const known = createAnswerCache({ ms: 60_000, most: Infinity })

  return async ({ options, query }) => {
    const only = query.get('receiver')
    const asked = Object.entries(options.registered ?? {}).filter(
      ([name]) => only === null || only === name,
    )
    return {
      receivers: await Promise.all(
        asked.map(([name, ask]) => known.of(name, () => rowOf(name, ask))),
      ),
    }
  }
}

async function rowOf(receiver: string, ask: AskSender): Promise<Row> {
  try {
    const { url, endpoints, differs } = await ask()
    return {
      receiver,
      url,
      endpoints: endpoints.map(({ id, state, delivering }) => ({ id, state, delivering })),
      differs,
    }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return { receiver, url: undefined, endpoints: [], differs: [], problem }
  }
}
