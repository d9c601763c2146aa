import {
  eventOf,
  GONE,
  NO_LINES,
  PENDING,
  TASKS,
  type Scan,
  type StatsRow,
  grouped,
  comparePlaces,
  numberOf,
  placeByTime,
  topCauses,
  type CauseGroup,
  type ChangedRows,
  type Patch,
  type UnreadTeller,
  type ViewStore,
} from '@postern/core/engine'
import type { Json } from '@postern/core'
import { commit, notAdded } from '../accept/accept.ts'
import { prepare } from '../accept/encode.ts'
import { again, promoteJob, type ReviveContext } from '../accept/revive.ts'
import { recordsOf } from '../journal/journaled.ts'
import { runScript, unavailable } from '../store/connection.ts'
import { isOdd } from '../run/unread.ts'
import { fromJob } from '../store/errors.ts'
import { eventName, eventOfJob, parseQueueName } from '../store/queues.ts'
import { createShown } from './shown.ts'

interface ViewedContext extends ReviveContext {
  readonly unread: UnreadTeller
  /** The store's clock, in milliseconds since 1970. */
  readonly clock: () => number
}

interface KeptPlace {
  readonly number: number
  readonly event: string
  readonly at: number
}

// Maximum number of events that one script reads. Redis runs nothing else during a script.
const STEP = 100
// Maximum number of events in one step of a search: WIDEST without bodies, and BODIES with bodies, since a body may
// have megabytes.
const [WIDEST, BODIES] = [1000, 32]
// If more jobs than this are in a state, reading all events is as fast as sorting these jobs.
const MOST = 20_000
// Maximum number of failed jobs whose causes are counted, latest first, per queue and state: MOST_FAILED in total,
// FAILED by one script.
const [MOST_FAILED, FAILED] = [20_000, 500]

/** Creates the store behind the operators' view. A lane is the number by which this process knows a queue. */
export function createViewed(context: ViewedContext, mostFailed: number = MOST_FAILED): ViewedJobs {
  const { client, prefix, queues, clock } = context
  const { shown, full, contents } = createShown(context, laneOf)
  // Each process numbers queues in the order in which it first sees them.
  const names: string[] = []
  const lanes = new Map<string, number>()
  const rows: ChangedRows = {
    async patch(patches, fence) {
      const refs = await refsOf(patches.map(({ id }) => id))
      const gone =
        patches[0]?.state === GONE && (await runScript(client, 'REMOVE', prefix, fence, ...refs))
      const done = gone
        ? (gone as readonly number[]).map((each) => each === 1)
        : await Promise.all(patches.map((patch, at) => changed(patch, refs[at]!)))
      return new Set(patches.flatMap(({ id }, at) => (done[at] ? [id] : [])))
    },
    async insert({ events, tasks }) {
      for (const event of events) {
        const its = tasks.map(({ lane, part, data, fair }) => ({
          subscription: parseQueueName(names[lane]!).subscription,
          ...(part !== '' && { part }),
          ...(data !== null && { data: JSON.parse(data) as Json }),
          ...(fair !== null && { fairKey: fair }),
        }))
        const items = [{ event: event.event, tasks: its }]
        const prepared = prepare(event.receiver, { delivery: event.delivery.whole, items })
        const [reply] = await commit(client, prefix, [{ prepared, fresh: prepared.items }], {
          now: clock(),
        })
        const failure = notAdded(reply!)
        if (failure) throw unavailable(failure)
        event.number = Number(reply![1])
      }
      return new Set(events)
    },
    note: write,
    // This inbox has no ordered groups, and the script that adds jobs sets their turns (places in the order over
    // tenants).
    turns: (wanted) => wanted.map((stride) => ({ ...stride, turn: 0, tasks: 0 })),
    ...NO_LINES,
  }

  return {
    refsOf,
    begin: write,
    async scan(want) {
      const { after, limit, oldest } = want
      const compare = comparePlaces(want)
      const width = want.full ? BODIES : Math.min(Math.max(want.width, STEP), WIDEST)
      const places = await placesOf(want, width)
      const all = (await shown(places.map(({ event }) => event))).flatMap((event) =>
        (want.of === 'events' ? [event.row] : event.tasks)
          .filter((row) => (!after || compare(after, placeByTime(row)) < 0) && want.fits(row))
          .toSorted((one, other) => compare(placeByTime(one), placeByTime(other))),
      )
      const page = all.slice(0, limit)
      const [last, end] = [page.at(-1), places.at(-1)]
      const to =
        all.length > limit
          ? placeByTime(last!)
          : places.length < width
            ? undefined
            : ([Math.floor(end!.at), end!.number * TASKS + (oldest ? TASKS - 1 : 0)] as const)
      return {
        rows: want.full ? await Promise.all(page.map(full)) : page,
        to,
        searchedTo: all.length > limit ? last!.received : end?.at,
      }
    },
    placeOf: placeByTime,
    async detail(id) {
      const event = await client.hget(`${prefix}:numbers`, String(eventOf(id)))
      if (event === null) return undefined
      const [found] = await shown([event])
      const row = found?.tasks.find((task) => task.id === id)
      return row && full(row)
    },
    async everyLane() {
      const all = await client.smembers(`${prefix}:queues`)
      return all.sort().map((name) => {
        const { receiver, subscription } = parseQueueName(name)
        return { lane: laneOf(name), receiver, name: subscription }
      })
    },
    async stats() {
      const counts = await runScript(client, 'COUNTS', prefix, '')
      return (counts as CountRow[]).flatMap(
        ([name, waiting, delayed, active, done, dead, oldest]) => {
          const due = oldest === '' ? null : Number(oldest)
          return [waiting + delayed, active, done, dead].map((count, state): StatsRow => ({
            lane: laneOf(name),
            state,
            count,
            oldest: state === PENDING ? due : null,
          }))
        },
      )
    },
    async causes(wanted) {
      const found: FailedGroup[] = []
      let isCut = false
      for (const queue of await queuesOf(wanted))
        for (const set of ['failed', 'delayed'] as const)
          if (await failedIn(queue, set, found)) isCut = true
      const merged = [...grouped(found, ({ lane, cause }) => `${lane} ${cause}`).values()]
      const tops = topCauses(merged.map((groups) => groups.reduce(added)))
      return tops.map((row) => ({ ...row, ...(isCut && { ofNewest: mostFailed }) }))
    },
    async version() {
      const reply = await runScript(client, 'VERSION', prefix)
      const [saved, changes] = reply as readonly [string, string]
      // A save resets the number of changes. The version also contains the time of the save, so no version repeats.
      return Number(saved) * 1_000_000 + Number(changes)
    },
    async erase(events, passing, empty, noted) {
      const named = await client.hmget(`${prefix}:numbers`, ...events.map(String))
      const numbers = new Map(named.flatMap((name, at) => (name ? [[name, events[at]!]] : [])))
      const whole = await erased([...numbers.keys()].flatMap((name) => [name, '', '']))
      if (!empty) return whole.length
      let count = 0
      for (let from = 0; from < whole.length; from += BODIES) {
        const some = whole.slice(from, from + BODIES)
        const left = await Promise.all(
          some.map(async (name) => {
            const stays = empty({ event: numbers.get(name)!, ...(await contents(name)) })
            return stays ? [name, stays.record, stays.head] : []
          }),
        )
        count += (await erased(left.flat())).length
      }
      await write(noted(count))
      return count

      async function erased(args: readonly string[]): Promise<readonly string[]> {
        if (args.length === 0) return []
        const given = [passing ? '1' : '', ...args]
        return (await runScript(client, 'ERASE', prefix, ...given)) as readonly string[]
      }
    },
    // In Redis, only a single script is atomic. If a change is interrupted between two scripts, the record that `begin`
    // wrote shows the interruption.
    atomic: (_, run) => run(rows),
  }

  async function write(notes: Parameters<ChangedRows['note']>[0]): Promise<void> {
    for (const { key, value } of notes) await client.hset(recordsOf(prefix, key), key, `1 ${value}`)
  }

  async function changed(patch: Patch, ref: string): Promise<boolean> {
    if (ref === '') return false
    // A patch without `attempt` only ends the job's wait for its next attempt.
    return patch.attempt === undefined ? promoteJob(queues, ref) : again(context, ref, patch)
  }

  function laneOf(queue: string): number {
    const known = lanes.get(queue)
    if (known !== undefined) return known
    lanes.set(queue, names.length)
    return names.push(queue) - 1
  }

  async function queuesOf(wanted: readonly number[] | undefined): Promise<readonly string[]> {
    return wanted?.map((lane) => names[lane]!) ?? client.smembers(`${prefix}:queues`)
  }

  /** Adds the failed jobs of a set to `found`, by cause. Returns true if the set has more jobs than were counted. */
  async function failedIn(
    queue: string,
    set: 'failed' | 'delayed',
    found: FailedGroup[],
  ): Promise<boolean> {
    for (let from = 0; from < mostFailed; from += FAILED) {
      const to = Math.min(from + FAILED, mostFailed) - 1
      const reply = await runScript(client, 'CAUSES', prefix, queue, set, from, to)
      const [seen, groups] = reply as readonly [number, readonly CauseReply[]]
      for (const [cause, jobs, first, last, reason, stacks] of groups)
        found.push({
          lane: laneOf(queue),
          cause,
          error: JSON.stringify(fromJob(reason, stacks) ?? { name: 'Error', message: '' }),
          dead: set === 'failed' ? jobs : 0,
          retrying: set === 'delayed' ? jobs : 0,
          first: Number(first),
          last: Number(last),
        })
      if (from + seen <= to) return false
    }
    return (await readable(client.zcard(`${prefix}:${queue}:${set}`), 0)) > mostFailed
  }

  /** Returns the next events of a search: `width` events, or fewer at the end of the search. */
  async function placesOf(want: Scan, width: number): Promise<readonly KeptPlace[]> {
    const { after, oldest } = want
    const compare = comparePlaces(want)
    const behind = ({ at, number }: KeptPlace): boolean =>
      !after || compare([after[0], eventOf(after[1])], [at, number]) <= 0
    const named = await namesOf(want)
    const places: KeptPlace[] = []
    if (named) {
      for (let from = 0; from < named.length; from += WIDEST) {
        const some = named.slice(from, from + WIDEST)
        places.push(...kept((await runScript(client, 'PLACES', prefix, ...some)) as string[]))
      }
      return places
        .filter(behind)
        .sort((one, other) => compare([one.at, one.number], [other.at, other.number]))
        .slice(0, width)
    }
    const key = `${prefix}:${want.passing ? 'passing' : 'index'}`
    const { after: least = -Infinity, before: most = Infinity } = want.filter
    // Offsets change while events are dropped. So each step starts where the last step ended.
    const inside = after && after[0] > least && after[0] < most
    const [low, high] = [`(${least}`, `(${most}`].map((bound) => bound.replace('Infinity', 'inf'))
    const from = inside ? String(after[0]) : oldest ? low! : high!
    for (let skip = 0, more = true; more && places.length < width; skip += width) {
      const found = oldest
        ? await client.zrangebyscore(key, from, high!, 'WITHSCORES', 'LIMIT', skip, width)
        : await client.zrevrangebyscore(key, from, low!, 'WITHSCORES', 'LIMIT', skip, width)
      places.push(...kept(found).filter(behind))
      more = found.length === 2 * width
    }
    return places.slice(0, width)
  }

  /** Returns the names of the events that can match a filter, or undefined if too many events can match. */
  async function namesOf({
    filter,
    receiver,
    lanes: wanted,
  }: Scan): Promise<readonly string[] | undefined> {
    const { id, keys, state } = filter
    if (id !== undefined) {
      const name = await client.hget(`${prefix}:numbers`, String(eventOf(numberOf(id))))
      return name === null ? [] : [name]
    }
    if (keys !== undefined) {
      const all = (await queuesOf(undefined)).map((queue) => parseQueueName(queue).receiver)
      const receivers = receiver === undefined ? [...new Set(all)] : [receiver]
      return receivers.flatMap((each) => keys.map((key) => eventName(each, key)))
    }
    if (state === undefined || state === 'done') return undefined
    const events = new Set<string>()
    for (const queue of await queuesOf(wanted)) {
      const base = `${prefix}:${queue}`
      for (const set of SETS[state])
        for (const job of await readable(client.zrange(`${base}:${set}`, '0', String(MOST)), []))
          events.add(eventOfJob(job))
      for (const list of LISTS[state])
        for (const job of await readable(client.lrange(`${base}:${list}`, 0, MOST), []))
          events.add(eventOfJob(job))
      if (events.size > MOST) return undefined
    }
    return [...events]
  }

  async function refsOf(ids: readonly number[]): Promise<readonly string[]> {
    const args = ids.flatMap((id) => [eventOf(id), id % TASKS])
    return (await runScript(client, 'REFS', prefix, ...args)) as readonly string[]
  }
}

interface ViewedJobs extends ViewStore {
  /** The ref of a missing task is an empty string. */
  refsOf(ids: readonly number[]): Promise<readonly string[]>
}

type CountRow = readonly [
  name: string,
  waiting: number,
  delayed: number,
  active: number,
  completed: number,
  failed: number,
  oldest: string,
]

type CauseReply = readonly [
  cause: string,
  jobs: number,
  first: string,
  last: string,
  reason: string,
  stacks: string,
]

interface FailedGroup extends CauseGroup {
  readonly lane: number
  readonly error: string
}

// The sets and lists of BullMQ that can have jobs in a state. If the process of a job died, the job is pending, but
// BullMQ still lists it as active.
const SETS = { dead: ['failed'], pending: ['delayed', 'prioritized'], running: [] } as const
const LISTS = { dead: [], pending: ['wait', 'active'], running: ['active'] } as const

/** Parses a reply with index members and their scores in alternation. */
function kept(reply: readonly string[]): readonly KeptPlace[] {
  return reply.flatMap((member, at) => {
    const number = Number(member.slice(0, 12))
    return at % 2 === 0 ? { number, event: member.slice(12), at: Number(reply[at + 1]) } : []
  })
}

/** Returns `empty` for a key of another type, so that one damaged queue does not hide the others. */
async function readable<T>(read: Promise<T>, empty: T): Promise<T> {
  try {
    return await read
  } catch (error) {
    if (isOdd(error)) return empty
    throw error
  }
}

function added(one: FailedGroup, other: FailedGroup): FailedGroup {
  return {
    ...one,
    dead: one.dead + other.dead,
    retrying: one.retrying + other.retrying,
    first: Math.min(one.first, other.first),
    last: Math.max(one.last, other.last),
  }
}
