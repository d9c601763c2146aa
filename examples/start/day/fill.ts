import type { Observer } from '@postern/core'
import type { Inbox, MinuteGauge } from '@postern/core/inbox'
import { createReceiverOf, sourceNames, type Secrets, type SourceName } from '../receivers.ts'
import { createChance, type Chance } from './chance.ts'
import { createDayClock, type DayClock } from './clock.ts'
import { createSender } from './deliveries.ts'
import { HOUR, MINUTE, planOf, type Arrival } from './plan.ts'
import { servicesOf } from './weather.ts'

/**
 * Fills the inbox with 24 hours of a shop's deliveries, about 2,000, so that the inspector has data to show. The app's
 * receivers verify and handle the signed deliveries, on simulated clocks. Returns the number of deliveries. Returns
 * undefined if the inbox already has deliveries in more than 12 of the last 24 hours.
 */
export async function fillDay(inbox: Inbox, secrets: Secrets): Promise<number | undefined> {
  const end = Date.now()
  const hours = { from: end - 24 * HOUR, to: end, step: HOUR }
  const known = await inbox.journal!.history({ ...hours, kind: 'delivery', by: 'outcome' })
  // Fewer hours are not a whole day: they come from a run with `--once` or from requests that you sent.
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
  // All sources advance by one slot at a time. Their writes then share transactions, and lists are in time order.
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
  /** Oldest first. */
  readonly arrivals: readonly Arrival[]
  readonly chance: Chance
}

/** Simulated day of one source. */
interface Day {
  /** Advances the clock to `time`, receives the arrivals and runs the due tasks. */
  until(time: number): Promise<void>
  close(): Promise<void>
}

async function openDay(options: DayOptions): Promise<Day> {
  const { inbox, secrets, source, end, arrivals, chance } = options
  const clock = createDayClock(end - 24 * HOUR)
  const { now, monotonic } = clock
  // When each retried task is due on the simulated clock, by task id. The inbox has its own, real clock.
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

  /** Records the receiver's task counts at the end of each slot. */
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

/** Records when each retried or postponed task is due. */
function later(waiting: Map<string, number>): Observer {
  const waits: Observer['retried'] = ({ task }, at) => void waiting.set(task, at)
  return { retried: waits, postponed: waits }
}

/** Makes verifying and storing take time on the simulated clock. */
function slow(clock: DayClock, chance: Chance): Observer {
  return { step: () => clock.spend(chance.duration(0.8)) }
}
