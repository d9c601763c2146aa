import { claimedTopic, isSealed, opened } from '@postern/core/engine'
import type { Arrival, TaskDetail, TaskError, OperatorAction } from '@postern/core/inbox'
import { stringifyJson, madeOf } from '@postern/core/internal'
import type { DetailReply, DetailTask, TaskFailure } from '../api/detail.ts'
import { ApiProblem } from '../replies.ts'
import { arrivalRow, eventKey, rowTask, taskRow, tasksByKey } from '../search/rows.ts'
import { withheldError } from '../withheld.ts'
import { arrivalOf, arrivalOfTask, repeatedBy } from './explain.ts'
import type { Context } from './context.ts'
import type { Action } from '../api.ts'
import { mayDo } from './change.ts'

const LONGEST = 1024 * 1024

export async function answerDelivery(context: Context): Promise<DetailReply> {
  const { inbox } = context
  const id = needed(context, 'id')
  const arrival = await arrivalOf(context, id)
  const tasks = [...(await tasksByKey(inbox.view, [arrival])).values()].flat()
  const details = await detailsOf(
    context,
    tasks.filter((task) => task.receiver === arrival.receiver).map((task) => task.id),
  )
  return show(context, arrival, details)
}

/** Returns a task, the other tasks of its event, and the delivery that contained the event. */
export async function answerTask(context: Context): Promise<DetailReply> {
  const { inbox } = context
  const first = await inbox.view?.get(needed(context, 'id'))
  if (!first)
    throw new ApiProblem(
      404,
      'gone',
      'this task was deleted: done and dead tasks are kept only for a time',
    )
  const { receiver, event } = first
  const siblings = await tasksByKey(inbox.view, [{ receiver, keys: [event.key] }])
  const ids = (siblings.get(eventKey(receiver, event.key)) ?? []).map(({ id }) => id)
  const details = await detailsOf(context, ids.includes(first.id) ? ids : [first.id])
  return show(context, await arrivalOfTask(context, first), details)
}

function needed({ query }: Context, name: string): string {
  const value = query.get(name)
  if (value === null || value === '') throw new ApiProblem(400, name, `${name} is missing`)
  return value
}

// Maximum number of tasks to show per delivery. A delivery with many events can have thousands.
const MOST = 100

/** Returns tasks with their event and delivery, decrypted if the inspector has the key. */
export async function detailsOf(
  { inbox, seal }: Pick<Context, 'inbox' | 'seal'>,
  ids: readonly string[],
): Promise<readonly TaskDetail[]> {
  const found = await Promise.all(ids.slice(0, MOST).map(async (id) => inbox.view?.get(id)))
  return found.flatMap((detail) => {
    if (!detail) return []
    if (!seal) return [detail]
    try {
      const { event: record, delivery: kept } = opened(seal, {
        event: detail.record,
        delivery: detail.delivery,
      })
      return [{ ...detail, record, delivery: kept }]
    } catch {
      // The event was encrypted with another key, so it stays encrypted.
      return [detail]
    }
  })
}

async function show(
  context: Context,
  arrival: Arrival | undefined,
  details: readonly TaskDetail[],
): Promise<DetailReply> {
  const { visitor } = context
  const [first] = details
  const isClosed = first
    ? first.delivery.headers.some(([name]) => name === 'x-postern-sealed')
    : arrival !== undefined && isSealed(arrival)
  const isErased = first?.record.erased === true
  const shows = visitor.payloads && !isClosed
  const kept = first?.delivery ?? arrival?.kept
  const row = arrival
    ? {
        ...arrivalRow({ arrival, tasks: details }, visitor.payloads, context.receivers),
        claims: shows ? claimsOf(context, arrival) : undefined,
      }
    : taskRow(details, visitor.payloads)
  const body = shows ? kept?.body : undefined
  return {
    row,
    hidden: !visitor.payloads,
    encrypted: isClosed,
    delivery: kept && {
      at: arrival?.at ?? first!.receivedAt,
      method: arrival?.method ?? first!.delivery.method,
      url: shows ? kept.url : pathOf(kept.url),
      path: arrival?.path ?? pathOf(kept.url),
      headers: shows ? kept.headers : undefined,
      body: body && Buffer.from(body.subarray(0, LONGEST)).toString('base64'),
      bodyBytes: arrival?.bytes ?? kept.body.byteLength,
      isUnsigned: arrival?.unsigned === true,
    },
    reply: arrival && {
      status: arrival.status,
      took: arrival.took,
      body: visitor.payloads ? arrival.replyBody : undefined,
    },
    // Erasing an event can leave a part of its payload, which is shown.
    payload:
      shows && first && !(isErased && first.record.payload === null)
        ? payloadText(first.record.payload)
        : undefined,
    tenant: first?.event.tenant,
    repeats: arrival && (await repeatedBy(context, arrival, details)),
    origin: first?.record.origin,
    erased: isErased,
    tasks: await Promise.all(details.map((detail) => taskOf(context, detail))),
    acted: await actedOn(context, details),
    actions: actionsOf(context, arrival, details, !isClosed && !isErased),
  }
}

/**
 * Returns the topic that a rejected delivery claims. For an encrypted delivery, the journal does not store this topic.
 * It is then read from the decrypted body.
 */
function claimsOf({ receivers }: Context, arrival: Arrival): string | undefined {
  const { claims, kept, method, receiver } = arrival
  const provider = receivers.find(({ name }) => name === receiver)?.provider
  return claims ?? (kept && provider && claimedTopic({ method, ...kept }, provider))
}

async function taskOf({ inbox, visitor }: Context, detail: TaskDetail): Promise<DetailTask> {
  const runs = (await inbox.journal?.attempts(detail.id)) ?? []
  const shown = visitor.payloads ? failureOf : withheldError
  return {
    ...rowTask(detail, visitor.payloads),
    settledAt: detail.settledAt,
    error: detail.error && shown(detail.error),
    runs: runs.map(({ attempt, startedAt, duration, outcome, error, process }) => ({
      attempt,
      startedAt,
      duration,
      outcome,
      error: error && shown(error),
      process,
    })),
  }
}

function failureOf({ name, message, stack, issues }: TaskError): TaskFailure {
  const list = issues?.map(({ path, message: text }) => `${path}: ${text}`) ?? []
  return { name, message: [message, ...list].join('\n'), stack }
}

function payloadText(payload: unknown): string | undefined {
  const text = stringifyJson(payload)
  return text.length > 2 * LONGEST ? undefined : text
}

/** Returns the path of a URL. The query is left out, since not every visitor may see it. */
function pathOf(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0]!
}

// Maximum number of tasks whose actions are read, and of actions to show.
const ASKED = 10
const SHOWN = 20

async function actedOn(
  { inbox: { journal } }: Context,
  details: readonly TaskDetail[],
): Promise<DetailReply['acted']> {
  // Most inboxes have no actions. For them, this short query saves the queries below.
  if (!journal || details.length === 0 || (await journal.actions({ limit: 1 })).rows.length === 0)
    return []
  const found = new Map<string, OperatorAction>()
  for (const { id: task } of details.slice(0, ASKED))
    for (const action of (await journal.actions({ task, limit: SHOWN })).rows)
      found.set(action.id, action)
  return [...found.values()]
    .toSorted((one, other) => (one.id < other.id ? 1 : -1))
    .slice(0, SHOWN)
    .map(({ id, at, what, by, count }) => ({ id, at, what, by, count }))
}

function actionsOf(
  { visitor, receivers }: Context,
  arrival: Arrival | undefined,
  tasks: readonly TaskDetail[],
  hasContents: boolean,
): DetailReply['actions'] {
  const may = (action: Action): boolean => mayDo(visitor, action, receivers.length > 0)
  const isAny = (...states: readonly string[]): boolean =>
    tasks.some(({ state }) => states.includes(state))
  const isReadable = visitor.payloads && hasContents
  const isErased = tasks.some(({ record }) => record.erased === true)
  const hasBytes = isReadable && (tasks.length > 0 || arrival?.kept !== undefined)
  const name = arrival?.receiver ?? tasks[0]?.receiver
  const provider = receivers.find((receiver) => receiver.name === name)?.provider
  // A copied test signs the delivery again, so it needs a provider of the catalog that can sign.
  const canSign =
    provider === undefined || (provider.sign !== undefined && madeOf(provider) !== undefined)
  const actions: DetailReply['actions'][number][] = []
  if (isAny('dead', 'done', 'pending') && !isErased && may('replay')) actions.push('replay')
  if (isAny('dead', 'done', 'pending') && isReadable && may('rerun')) actions.push('rerun')
  if (isAny('dead', 'pending') && may('delete')) actions.push('delete')
  if (hasBytes) actions.push('curl')
  if (hasBytes && canSign && tasks.length > 0) actions.push('test')
  if (arrival?.outcome === 'rejected' && visitor.payloads) actions.push('explain')
  return actions
}
