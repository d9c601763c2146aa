import type { Observer } from '@postern/core'
import type { Inbox, MinuteGauge } from '@postern/core/inbox'
import { createSource, sourceNames, type Secrets, type SourceName } from '../receivers.ts'
import { createChance, type Chance } from './chance.ts'
import { createDayClock, type DayClock } from './clock.ts'
import { createSender } from './deliveries.ts'
import { HOUR, MINUTE, planOf, type Arrival } from './plan.ts'
import { servicesOf } from './weather.ts'

/**
 * Fills the inbox with the last 24 hours of a shop, so that the inspector has something to show: about 2,000 deliveries,
 * signed as their senders sign them, taken and worked on by the receivers of the app with clocks of their own. Returns
 * how many were delivered, or undefined if the inbox has deliveries of the last day already.
 */
export async function fillDay(inbox: Inbox, secrets: Secrets): Promise<number | undefined> {
  const end = Date.now()
  const known = await inbox.journal!.deliveries({ since: end - 24 * HOUR, limit: 1 })
  if (known.rows.length > 0) return undefined
  const plan = planOf(end, createChance(2026))
  // Each source lives through its day beside the others: their commits are shared.
  await Promise.all(
    sourceNames.map((source, seed) =>
      liveDay({
        inbox,
        secrets,
        source,
        end,
        arrivals: plan.filter((arrival) => arrival.source === source),
        chance: createChance(seed),
      }),
    ),
  )
  return plan.length
}

interface Day {
  readonly inbox: Inbox
  readonly secrets: Secrets
  readonly source: SourceName
  readonly end: number
  readonly arrivals: readonly Arrival[]
  readonly chance: Chance
}

/** The day of one source. */
async function liveDay({ inbox, secrets, source, end, arrivals, chance }: Day): Promise<void> {
  const clock = createDayClock(end - 24 * HOUR)
  const { now, monotonic } = clock
  const receiver = createSource(
    source,
    secrets,
    { inbox, now, monotonic, observers: [slow(clock, chance)], work: 'drain' },
    servicesOf(end, clock, chance),
  )
  const send = await createSender(source, chance)
  const gauges: MinuteGauge[] = []
  let read = clock.now()
  let due: number | undefined

  for (const arrival of arrivals) {
    await until(arrival.at)
    const { status } = await receiver.receive(send(arrival, receiver))
    if (status < 300) await work()
  }
  await until(end)
  await receiver.close()
  await inbox.journal!.write({ arrived: [], minutes: [], gauges, lost: 0 })

  /** Lets the time go on, and runs what becomes due. */
  async function until(time: number): Promise<void> {
    while (due !== undefined && due <= time) {
      await readGauges(due)
      clock.to(due)
      await work()
    }
    await readGauges(time)
    clock.to(time)
  }

  async function work(): Promise<void> {
    const { ran, next } = await receiver.drain()
    if (ran === 0 && next !== undefined && next <= clock.now())
      throw new Error('The inbox does not run what is due: look at its file.')
    due = next
  }

  /** How many tasks waited, for each five minutes that have passed. */
  async function readGauges(time: number): Promise<void> {
    if (time < read + 5 * MINUTE) return
    const stats = await inbox.view!.stats()
    for (; read + 5 * MINUTE <= time; read += 5 * MINUTE)
      for (const { receiver: name, subscription, counts, oldest } of stats) {
        const { pending, running, dead } = counts
        const minute = Math.floor(read / MINUTE) * MINUTE
        if (name === receiver.name)
          gauges.push({ minute, receiver: name, subscription, pending, running, dead, oldest })
      }
  }
}

/** Verifying and storing take a few milliseconds on that day. */
function slow(clock: DayClock, chance: Chance): Observer {
  return { step: () => clock.spend(chance.duration(0.8)) }
}
