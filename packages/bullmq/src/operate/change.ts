import {
  CHANGE_OPTIONS,
  checkFilter,
  DELETED,
  editedEvent,
  erasedError,
  FORGOTTEN,
  inSteps,
  unknownOptions,
  type ActionNote,
  type Changed,
  type ChangeOptions,
  type InboxView,
  type StepPlace,
  type TaskFilter,
  type TaskInfo,
  parsed,
  knownFor,
  type Consumer,
} from '@postern/core/inbox'
import { commit, notAdded } from '../accept/accept.ts'
import {
  connected,
  runBuffer,
  unavailable,
  runScript,
  type RedisClient,
} from '../store/connection.ts'
import { prepare } from '../accept/encode.ts'
import { find, isRef } from './list.ts'
import { eventOfJob, parseRef, type JobData, queueName, type Queues } from '../store/queues.ts'
import type { Order } from './places.ts'
import { again, handle } from '../accept/revive.ts'
import { showTask } from './show.ts'
import { decodeStored, type Stored } from '../store/stored.ts'
import type { ViewContext } from './view.ts'
import type { Settings } from '../settings.ts'

/** Changes by operators. */
type Changes = Required<Pick<InboxView, 'replay' | 'rerun' | 'delete' | 'prune'>>

/** Makes a {@link Changes}. */
export function createChanges(context: ViewContext): Changes {
  const { client, prefix, deadline, queues, actions } = context

  return {
    async replay(filter, options = {}) {
      checkFilter(filter, 'replay')
      unknownOptions('replay', options, [...CHANGE_OPTIONS, 'rate'])
      const state = filter.state ?? 'dead'
      if (state === 'running') return { count: 0, cursor: undefined }
      const { id } = filter
      if (id !== undefined && isRef(id) && (await isErased(id))) throw erasedError('replay', id)
      const given = { ...filter, state }
      return actions.noted({ what: 'replay', filter: given }, options, (note, left) =>
        inSteps(left, (place) =>
          each(
            given,
            place,
            undefined,
            note,
            async (task, due) => {
              if (place.dryRun) return !(await isErased(task.id))
              return again(context, task.id, state, due)
            },
            // Those that wait longest go first.
            -1,
          ),
        ),
      )
    },
    async rerun(id, edit) {
      unknownOptions('rerun', edit, ['payload', 'by'])
      await connected(client, deadline)
      const event = isRef(id) ? eventOfJob(parseRef(id).id) : ''
      const task = event === '' ? undefined : await showTask(context, id)
      const found = (await runBuffer(client, 'posternGetEvent', prefix, event)) as Stored | null
      if (!task || !found) throw new TypeError(`rerun: there is no task ${id}`)
      const { record, delivery } = decodeStored(found)
      if (record.erased) throw erasedError('rerun', id)
      const { receiver, subscription, part } = task
      const text = (await client.hget(`${prefix}:${id}`, 'data')) ?? '{}'
      const data = (parsed(text) as JobData | null | undefined)?.d
      const drafts = [
        { subscription, ...(part !== undefined && { part }), ...(data !== undefined && { data }) },
      ]
      const items = [{ event: editedEvent(record, edit.payload), tasks: drafts }]
      const prepared = prepare(receiver, {
        delivery: { ...delivery, receivedAt: Date.now() },
        items,
      })
      const result = prepared.items[0]!.refs[0]!
      const { by } = edit
      const note = actions.once({
        what: 'rerun',
        filter: { id },
        result,
        ...(by !== undefined && { by }),
      })
      await actions.begin(note)
      const [reply] = await commit(client, prefix, [{ prepared, fresh: prepared.items }])
      const failure = notAdded(reply!)
      if (failure) throw unavailable(failure)
      await actions.write(note, [id, result], 1)
      return result
    },
    async delete(filter, options: ChangeOptions = {}) {
      checkFilter(filter, 'delete')
      unknownOptions('delete', options, CHANGE_OPTIONS)
      return actions.noted({ what: 'delete', filter }, options, (note, left) =>
        inSteps(left, (place) =>
          each(filter, place, DELETED.from, note, async (task) => place.dryRun || deleted(task)),
        ),
      )
    },
    async prune(before, options = {}) {
      unknownOptions('prune', options, ['by'])
      if (!Number.isFinite(before))
        throw new TypeError(
          `prune: before must be milliseconds since 1970, got ${String(before)}; to keep the last 30 days, give Date.now() - 30 * 86_400_000`,
        )
      const note = actions.once({ what: 'prune', filter: { before }, ...options })
      let pruned = 0
      let cursor: string | undefined
      do {
        const place = { cursor, rows: 1000, dryRun: false, due: () => 0 }
        const changed = await each({ before }, place, FORGOTTEN.from, note, remove)
        pruned += changed.count
        cursor = changed.cursor
      } while (cursor !== undefined)
      let skip: number | undefined = 0
      do skip = await forgetSome(client, prefix, before, skip)
      while (skip !== undefined)
      return pruned
    },
  }

  async function isErased(id: string): Promise<boolean> {
    await connected(client, deadline)
    const event = eventOfJob(parseRef(id).id)
    return (await client.hget(`${prefix}:event:${event}`, 'x')) === 'e'
  }

  async function deleted(task: TaskInfo): Promise<boolean> {
    if (!(await remove(task))) return false
    const consumer = context.consumers().find(({ receiver }) => receiver === task.receiver)
    consumer?.deleted?.(task.event.key)
    return true
  }

  /** Changes matching tasks from a place on, or looks at them; resolves with the number that `change` is true for. */
  async function each(
    filter: TaskFilter,
    place: StepPlace,
    states: readonly string[] | undefined,
    note: ActionNote | undefined,
    change: (task: TaskInfo, due: number) => Promise<boolean>,
    order: Order = 1,
  ): Promise<Changed> {
    const { cursor, rows } = place
    await connected(client, deadline)
    const changed: string[] = []
    let next: string | undefined
    try {
      for await (const found of find(context, filter, cursor, order)) {
        const { task } = found
        if (!task || (states && !states.includes(task.state))) continue
        if (changed.length === 0) await actions.begin(note)
        if (await change(task, place.due(changed.length))) changed.push(task.id)
        if (changed.length < rows) continue
        next = found.cursor
        break
      }
    } finally {
      await actions.write(note, changed)
    }
    return { count: changed.length, cursor: next }
  }

  /** Takes a job away. Its event stays known by its record, so that a redelivery makes none. */
  async function remove(task: TaskInfo): Promise<boolean> {
    try {
      await (await handle(queues, task.id)).remove()
      return true
    } catch (error) {
      // A worker has claimed the job meanwhile, or it is gone.
      const now = await showTask(context, task.id)
      if (now && now.state !== 'running') throw error
      return false
    }
  }
}

/** The argument of {@link sweepStep}. */
interface PruneContext {
  readonly client: RedisClient
  readonly queues: Queues
  readonly settings: Settings
  readonly clock: () => number
}

/** Where a round is: at a queue, or behind the queues at a place among the events. */
export type SweepPlace = { readonly queue: number } | { readonly event: number }

// Small steps: each blocks Redis.
const STEP = 500

/**
 * One step of forgetting: done jobs after `keepDone`, dead ones after `keepDead`, then events none of whose jobs is left
 * after the longer of `dedupeWindow` and `keepDone`. BullMQ's own retention looks only when another job ends, and counting
 * would cut the window short.
 */
export function sweepStep(
  { client, queues, settings, clock }: PruneContext,
  consumer: Consumer,
): (place: SweepPlace | undefined) => Promise<SweepPlace | undefined> {
  const { prefix, keepDone, keepDead } = settings
  return async (place = { queue: 0 }) => {
    if (client.status !== 'ready') return undefined
    if ('event' in place) {
      const before = clock() - knownFor(settings).time
      const next = await forgetSome(client, prefix, before, place.event)
      return next === undefined ? undefined : { event: next }
    }
    const name = consumer.lanes().flatMap((lane) => [lane.name, ...lane.previousNames])[place.queue]
    if (name === undefined) return { event: 0 }
    const queue = await queues.get(queueName(consumer.receiver, name))
    // BullMQ goes by the clock of this machine.
    const ahead = Date.now() - clock()
    const done = await queue.clean(keepDone + ahead, STEP, 'completed')
    const dead = await queue.clean(keepDead + ahead, STEP, 'failed')
    return { queue: done.length === STEP || dead.length === STEP ? place.queue : place.queue + 1 }
  }
}

/**
 * Goes through some events that arrived before a time, from a place on, and forgets those that no job is left of. Returns
 * the place of the next step, or undefined at the end.
 */
async function forgetSome(
  client: RedisClient,
  prefix: string,
  before: number,
  skip: number,
): Promise<number | undefined> {
  const to = `(${before}`
  const names = await client.zrangebyscore(`${prefix}:index`, '-inf', to, 'LIMIT', skip, STEP)
  if (names.length === 0) return undefined
  // Remaining events keep their rank; each forgotten one moves later events up.
  return skip + names.length - Number(await runScript(client, 'posternSweep', prefix, ...names))
}
