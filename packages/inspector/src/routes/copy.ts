import { isSealed } from '@postern/core/engine'
import type { StoredDelivery, TaskInfo } from '@postern/core/inbox'
import { madeOf } from '@postern/core/internal'
import type { About } from '@postern/core/scheme'
import type { CopiedTask } from '@postern/samples'
import type { CopyReply } from '../api/detail.ts'
import { ApiProblem } from '../replies.ts'
import type { Context } from './context.ts'
import { arrivalOf } from './explain.ts'
import { detailsOf } from './detail.ts'
import { tasksByKey } from '../search/rows.ts'

const NOTE = 'It may hold data of your customers: check it before you share or commit it.'

export async function answerCopy(context: Context): Promise<CopyReply> {
  const { visitor, query, options } = context
  if (!visitor.payloads)
    throw new ApiProblem(403, 'not_allowed', 'you may not see or copy payloads')
  const as = query.get('as')
  if (as !== 'curl' && as !== 'test') throw new ApiProblem(400, 'as', 'as must be curl or test')
  const { delivery, provider, receiver, tasks } = await storedOf(context)
  // This module is imported only here, since few requests need it.
  const { copyAsCurl, copyAsTest } = await import('@postern/samples')
  if (as === 'curl') return { text: copyAsCurl(delivery, { lines: true }), note: NOTE }
  const { about, gateway } = await aboutOf(context, provider)
  try {
    const { handlers } = options
    const module = typeof handlers === 'string' ? handlers : handlers?.[receiver]
    const text = await copyAsTest(about, delivery, {
      tasks: tasks.map(copied),
      gateway,
      ...(module !== undefined && { handlers: module }),
    })
    return { text, note: NOTE }
  } catch (error) {
    if (error instanceof TypeError)
      throw new ApiProblem(409, 'no_test', error.message.replace(/^copyAsTest: /, ''))
    throw error
  }
}

// Subscription of the tasks that `onUnhandled: 'store'` stores for events that no subscription matches.
const UNHANDLED = 'unhandled'

interface Stored {
  readonly delivery: StoredDelivery
  readonly provider: string
  readonly receiver: string
  /** Empty if the delivery has no event. */
  readonly tasks: readonly TaskInfo[]
}

function copied({ subscription, event, error }: TaskInfo): CopiedTask {
  return { subscription, topic: event.topic, error: error?.message }
}

async function storedOf(context: Context): Promise<Stored> {
  const { inbox, query } = context
  const task = query.get('task')
  if (task !== null) return ofTask(context, task)
  const arrival = await arrivalOf(context, query.get('delivery') ?? '')
  if (isSealed(arrival)) throw encrypted()
  const { kept, method, at, provider, receiver } = arrival
  const all = [...(await tasksByKey(inbox.view, [arrival])).values()].flat()
  const tasks = all.filter((one) => one.receiver === receiver)
  if (kept)
    return { delivery: { ...kept, method, receivedAt: at }, provider, receiver, tasks: run(tasks) }
  const [first] = tasks
  if (!first) throw new ApiProblem(409, 'not_kept', 'the body was not stored')
  return { ...(await ofTask(context, first.id)), tasks: run(tasks) }
}

/** Leaves out the tasks of events without a subscription, since no handler runs for these tasks. */
function run(tasks: readonly TaskInfo[]): readonly TaskInfo[] {
  return tasks.filter(({ subscription }) => subscription !== UNHANDLED)
}

async function ofTask(context: Context, id: string): Promise<Stored> {
  const [found] = await detailsOf(context, [id])
  if (!found)
    throw new ApiProblem(
      404,
      'gone',
      'this task was deleted: done and dead tasks are kept only for a time',
    )
  if (found.delivery.headers.some(([name]) => name === 'x-postern-sealed')) throw encrypted()
  if (found.record.erased) throw new ApiProblem(409, 'erased', 'the contents were erased')
  const { delivery, record, receiver } = found
  return { delivery, provider: record.provider, receiver, tasks: run([found]) }
}

function encrypted(): ApiProblem {
  return new ApiProblem(
    409,
    'encrypted',
    'the delivery is encrypted: give the inspector its option encryptionKey',
  )
}

/**
 * Returns the description of a provider and of its gateway. The description comes from a receiver in this process, else
 * from the catalog.
 */
async function aboutOf(
  { receivers }: Context,
  provider: string,
): Promise<{ readonly about: About; readonly gateway?: About }> {
  const here = receivers.find((receiver) => receiver.provider.name === provider)?.provider
  const [sender = provider, gateway] = provider.split('-behind-')
  const inner = here?.inner ?? here
  const about = (inner && madeOf(inner)?.factory.about) ?? (await known(sender))
  if (gateway === undefined) return { about }
  return { about, gateway: (here && madeOf(here)?.factory.about) ?? (await known(gateway)) }
}

async function known(provider: string): Promise<About> {
  const { catalogue } = await import('@postern/providers/catalogue')
  const about = catalogue.get(provider)
  if (!about) throw new ApiProblem(409, 'no_test', `${provider} is not in the catalog`)
  return about
}
