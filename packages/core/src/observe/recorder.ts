import { errorText, type WebhookError } from '../errors.ts'
import type { Delivery } from '../delivery.ts'
import type { EventRecord } from '../event.ts'
import type { Claim, Inbox, Outcome, Ran } from '../inbox/inbox.ts'
import type { Arrival, ArrivalOutcome } from '../inbox/journal.ts'
import { causeOf } from '../inbox/engine/cause.ts'
import {
  createJournalBuffer,
  type JournalBuffer,
  type Series,
  type SeriesName,
} from './journal-buffer.ts'
import type { Writable } from '../basics/maybe.ts'
import type { Exchange, Conclusion } from '../receive/exchange.ts'
import { createKept, type KeptContext } from './kept.ts'
import type { Reply } from '../receive/reply/reply.ts'
import { unref } from '../basics/deadline.ts'

/** Writes the history of a receiver to the journal of its inbox, in batches that do not delay deliveries. */
export interface Recorder {
  /** Records the reply to a delivery. `took` is the time until the reply, in milliseconds. */
  answered(exchange: Exchange, reply: Reply, took: number, what: Conclusion): void
  verified(delivery: Delivery, at: number): void
  /** Records events that `receiver.ingest` accepted. */
  took(
    exchange: Exchange,
    outcome: ArrivalOutcome,
    events: readonly EventRecord[],
    verifiedBy?: Arrival['verifiedBy'],
  ): void
  settled(claim: Claim, outcome: Outcome, ran: Ran | undefined): void
  interrupted(subscription: string): void
  folded(subscription: string, stale: boolean): void
  start(): void
  flush(): Promise<void>
  close(): Promise<void>
}

export interface RecorderContext extends KeptContext {
  readonly inbox: Inbox
  readonly now: () => number
  readonly monotonic: () => number
  readonly warn: (message: string) => void
  /** Called with the error of each batch that could not be written. */
  readonly failed: (error: unknown) => void
}

const MINUTE = 60_000
const LONGEST_REASON = 500
const LONGEST_REPLY = 4096
const LONGEST_METHOD = 32
const LONGEST_PATH = 500

export function createRecorder(context: RecorderContext): Recorder {
  const { receiver, inbox, now, monotonic } = context
  const journal = inbox.journal!
  const process = Math.random().toString(36).slice(2, 8).padEnd(6, '0')
  let number = 0
  let failing = false
  let timer: ReturnType<typeof setInterval> | undefined
  const kept = createKept(context)
  const buffer = createJournalBuffer(async (batch) => {
    try {
      await journal.write(batch)
      failing = false
    } catch (error) {
      // Warns once per outage: if the disk is full, one warning per batch would fill the log.
      if (!failing) context.warn(`the journal could not be written: ${errorText(error)}`)
      failing = true
      context.failed(error)
      throw error
    }
  })

  const series = createSeriesCache(receiver, buffer)

  return {
    answered(exchange, reply, took, what) {
      const { outcome, error } = what
      series.outcomes(outcome).add(exchange.at, took)
      if (error) series.codes(error.code).add(exchange.at, took)
      const slot = error && kept.slot(exchange.at, error, what.delivery)
      if (slot === undefined && !buffer.takes(exchange.verified)) return
      buffer.arrived(arrivalOf(exchange, reply, took, what, slot))
    },
    verified: (delivery, at) => kept.verified(delivery, at),
    took(exchange, outcome, events, verifiedBy) {
      const reply = { status: 0 }
      const took = monotonic() - exchange.started
      buffer.arrived({
        ...arrivalOf(exchange, reply, took, { outcome, events }),
        verified: true,
        ...(verifiedBy === undefined ? { unsigned: true } : { verifiedBy }),
      })
    },
    settled(claim, outcome, ran) {
      if (!ran) return
      const { duration } = ran
      const end = ran.startedAt + duration
      const lane = series.lane(claim.subscription)
      lane.outcome(outcome.kind).add(end, duration)
      if ('error' in outcome) lane.cause(causeOf(outcome.error)).add(end, duration)
      if (outcome.kind === 'done')
        lane.whole('done').add(end, Math.max(end - claim.delivery.receivedAt, 0))
    },
    interrupted: (subscription) => series.lane(subscription).outcome('interrupted').add(now(), 0),
    folded: (subscription, stale) =>
      series
        .lane(subscription)
        .folded(stale ? 'stale' : 'folded')
        .add(now(), 0),
    start() {
      if (timer !== undefined || !inbox.view) return
      timer = setInterval(() => void readGauges(), MINUTE)
      unref(timer)
    },
    flush: () => buffer.flush(),
    close() {
      clearInterval(timer)
      return buffer.close()
    },
  }

  function arrivalOf(
    exchange: Exchange,
    reply: Reply,
    took: number,
    { outcome, events, error, delivery }: Conclusion,
    slot?: string,
  ): Arrival {
    const { info, at, verified } = exchange
    const id = idOf(at)
    const arrival: Writable<Arrival> = {
      id,
      at,
      receiver,
      provider: info.provider,
      method: info.method.slice(0, LONGEST_METHOD),
      path: info.path.slice(0, LONGEST_PATH),
      outcome,
      verified,
      status: reply.status,
      took,
      bytes: info.bytes,
      topics: NONE,
      ids: NONE,
      keys: NONE,
    }
    // Optional members are assigned one by one. With spread syntax, they would take half of the time of this function.
    if (events.length > 0) addEvents(arrival, events)
    if (error) addRejection(arrival, error, delivery, slot)
    if (typeof reply.body === 'string' && reply.body !== '')
      arrival.replyBody = reply.body.slice(0, LONGEST_REPLY)
    return arrival
  }

  function addRejection(
    arrival: Writable<Arrival>,
    error: WebhookError,
    delivery: Conclusion['delivery'],
    slot: string | undefined,
  ): void {
    const claimed = claimedId(delivery)
    const request = slot === undefined ? undefined : kept.of(arrival.id, delivery)
    arrival.code = error.code
    arrival.reason = error.message.slice(0, LONGEST_REASON)
    if (claimed !== undefined) arrival.ids = [claimed]
    if (request) Object.assign(arrival, request, { slot })
  }

  /**
   * Makes the id of an arrival. The id starts with the time, so that ids sort by time. A counter and the process id
   * make the id unique.
   */
  function idOf(at: number): string {
    number = (number + 1) % 46_656
    const time = Math.floor(at).toString(36).padStart(9, '0')
    return `${time}${number.toString(36).padStart(3, '0')}${process}`
  }

  function claimedId(delivery: Conclusion['delivery']): string | undefined {
    const { claims } = context.provider
    const id = claims === undefined ? undefined : delivery?.header?.(claims)
    return id?.slice(0, LONGEST_ID)
  }

  async function readGauges(): Promise<void> {
    try {
      const minute = Math.floor(now() / MINUTE) * MINUTE
      const stats = await inbox.view!.stats()
      for (const { subscription, counts, oldestDueAt, ...lane } of stats) {
        const { pending, running, dead } = counts
        if (lane.receiver === receiver)
          buffer.gauge({ minute, receiver, subscription, pending, running, dead, oldestDueAt })
      }
    } catch (error) {
      context.warn(`the gauges of the journal could not be read: ${String(error)}`)
    }
  }
}

const NONE: readonly string[] = []

/** Maximum length of a stored id, in characters. */
const LONGEST_ID = 256

const MOST_EVENTS = 10

function addEvents(arrival: Writable<Arrival>, events: readonly EventRecord[]): void {
  const [first] = events
  if (events.length === 1 && first) {
    arrival.topics = [first.topic]
    arrival.ids = first.id === undefined ? NONE : [first.id.slice(0, LONGEST_ID)]
    arrival.keys = [first.key]
    return
  }
  const few = events.slice(0, MOST_EVENTS)
  arrival.topics = [...new Set(few.map(({ topic }) => topic))]
  arrival.ids = [
    ...new Set(few.flatMap(({ id }) => (id === undefined ? [] : [id.slice(0, LONGEST_ID)]))),
  ]
  arrival.keys = few.map(({ key }) => key)
}

interface SeriesCache {
  readonly outcomes: (outcome: string) => Series
  readonly codes: (code: string) => Series
  /**
   * Returns the series (counts per minute) of a subscription: runs by outcome, failed runs by cause, the time from
   * arrival to done, and tasks that `debounce` merged.
   */
  readonly lane: (subscription: string) => LaneSeries
}

type LaneSeries = Readonly<
  Record<'outcome' | 'cause' | 'whole' | 'folded', (value: string) => Series>
>

/**
 * Caches the series (counts per minute) of a receiver, since looking one up in the buffer costs more than adding to it.
 */
function createSeriesCache(receiver: string, buffer: Pick<JournalBuffer, 'series'>): SeriesCache {
  const lanes = new Map<string, LaneSeries>()
  return {
    outcomes: by({ receiver, kind: 'delivery', by: 'outcome' }),
    codes: by({ receiver, kind: 'delivery', by: 'code' }),
    lane(subscription) {
      let lane = lanes.get(subscription)
      if (!lane) lanes.set(subscription, (lane = laneOf(subscription)))
      return lane
    },
  }

  function laneOf(subscription: string): LaneSeries {
    return {
      outcome: by({ receiver, subscription, kind: 'attempt', by: 'outcome' }),
      cause: by({ receiver, subscription, kind: 'attempt', by: 'cause' }),
      whole: by({ receiver, subscription, kind: 'end-to-end', by: 'outcome' }),
      folded: by({ receiver, subscription, kind: 'folded', by: 'outcome' }),
    }
  }

  function by(name: Omit<SeriesName, 'value'>): (value: string) => Series {
    const known = new Map<string, Series>()
    return (value) => {
      let series = known.get(value)
      if (!series) known.set(value, (series = buffer.series({ ...name, value })))
      return series
    }
  }
}
