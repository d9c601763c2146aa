import type { Observer } from '@postern/core'
import type { Inbox, MinuteGauge } from '@postern/core/inbox'
import { createReceiverOf, sourceNames, type Secrets, type SourceName } from '../receivers.ts'
import { createChance, type Chance } from './chance.ts'
import { createDayClock, type DayClock } from './clock.ts'
import { createSender } from './deliveries.ts'
import { HOUR, MINUTE, planOf, type Arrival } from './plan.ts'
import { servicesOf } from './weather.ts'

/**
 * Fills the inbox with the last 24 hours of a shop, so that the inspector has something to show: about 2,000 deliveries,
 * signed as their senders sign them, taken and worked on by the receivers of the app with clocks of their own. Returns
 * how many were delivered, or undefined if the inbox has deliveries of most hours of the last day already.
 */
export async function fillDay(inbox: Inbox, secrets: Secrets): Promise<number | undefined> {
  const end = Date.now()
  const hours = { from: end - 24 * HOUR, to: end, step: HOUR }
  const known = await inbox.journal!.history({ ...hours, kind: 'delivery', by: 'outcome' })
  // A run that ended after its table, or an hour of one's own, is no day.
  if (new Set(known.map(({ from }) => from)).size > 12) return undefined
  const plan = planOf(end, createChance(2026))
  const days = await Promise.all(
    sourceNames.map((source, seed) =>
      openDay({
        inbox,
        secrets,
        source,
        end,
        arrivals: plan.filter((arrival) => arrival.source === source),
        chance: createChance(seed),
      }),
    ),
  )
  // The sources live through each slot side by side, so that they share commits, and lists are in the order of time.
  for (let time = end - 24 * HOUR; time < end; time += SLOT)
    await Promise.all(days.map((day) => day.until(Math.min(time + SLOT, end))))
  await Promise.all(days.map((day) => day.close()))
  return plan.length
}

const SLOT = 5 * MINUTE

interface DayOptions {
  readonly inbox: Inbox
  readonly secrets: Secrets
  readonly source: SourceName
  readonly end: number
  /** The oldest first. */
  readonly arrivals: readonly Arrival[]
  readonly chance: Chance
}

/** The day of one source. */
interface Day {
  /** Lets the time go on: what arrives is taken, and what becomes due runs. */
  until(time: number): Promise<void>
  close(): Promise<void>
}

async function openDay(options: DayOptions): Promise<Day> {
  const { inbox, secrets, source, end, arrivals, chance } = options
  const clock = createDayClock(end - 24 * HOUR)
  const { now, monotonic } = clock
  // Tasks that wait, and until when on that day. The inbox has a clock of its own, which no script moves.
  const waiting = new Map<string, number>()
  const receiver = createReceiverOf(
    source,
    secrets,
    {
      inbox,
      clock: { now, monotonic },
      observers: [slow(clock, chance), later(waiting)],
      worker: 'onDemand',
    },
    servicesOf(end, clock, chance),
  )
  const send = await createSender(source, chance)
  const gauges: MinuteGauge[] = []
  let next = 0
  let read = clock.now()
  let due = Infinity

  return {
    async until(time) {
      for (;;) {
        const arrival = arrivals[next]
        const at = Math.min(due, arrival?.at ?? Infinity)
        if (at > time) break
        clock.to(at)
        if (at === arrival?.at) {
          next++
          if ((await receiver.receive(send(arrival, receiver))).status >= 300) continue
        }
        await work()
      }
      clock.to(time)
      await readGauges()
    },
    async close() {
      await receiver.close()
      await inbox.journal!.write({ arrived: [], minutes: [], gauges, lost: 0 })
    },
  }

  async function work(): Promise<void> {
    for (const [id, at] of waiting)
      if (at <= clock.now() && waiting.delete(id)) await inbox.view!.replay({ id })
    await receiver.runDue()
    due = Math.min(Infinity, ...waiting.values())
  }

  /** How many tasks waited, for each slot that has passed. */
  async function readGauges(): Promise<void> {
    const stats = await inbox.view!.stats()
    const minute = Math.floor(read / MINUTE) * MINUTE
    for (const { receiver: name, subscription, counts, oldestDueAt: oldest } of stats) {
      const { pending, running, dead } = counts
      if (name === receiver.name)
        gauges.push({
          minute,
          receiver: name,
          subscription,
          pending,
          running,
          dead,
          oldestDueAt: oldest,
        })
    }
    read = clock.now()
  }
}

/** Hears which tasks wait for a later attempt. */
function later(waiting: Map<string, number>): Observer {
  const waits: Observer['retried'] = ({ task }, at) => void waiting.set(task, at)
  return { retried: waits, postponed: waits }
}

/** Verifying and storing take a few milliseconds on that day. */
function slow(clock: DayClock, chance: Chance): Observer {
  return { step: () => clock.spend(chance.duration(0.8)) }
}
