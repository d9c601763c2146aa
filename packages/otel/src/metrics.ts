import type { Meter } from '@opentelemetry/api'
import type { AttemptInfo, EventInfo, Observer } from '@postern/core'
import { createBounded, createGauges, laneOf } from './gauges.ts'
import { createInstruments, type Instruments } from './instruments.ts'
import { createRunning } from './running.ts'
import { textOf } from '@postern/core/internal'

export { INSTRUMENTS, type Instrument, type InstrumentName } from './instruments.ts'

// Maximum number of different values per receiver for an attribute whose values come from the network or a database.
const MOST = 100

/**
 * Creates an observer that records the metrics of {@link INSTRUMENTS} with any OpenTelemetry meter. Every attribute has
 * a bounded number of values, and none of its values comes from a payload or a header. If you pass a function, nothing
 * is recorded until the function returns a meter.
 *
 * @example
 * createReceiver({ provider, observers: [observeMetrics(metrics.getMeter('postern'))] })
 */
export function observeMetrics(meter: Meter | (() => Meter | undefined)): Observer {
  const topics = createBounded(MOST, 'other')
  const destinations = createBounded(MOST, 'other')
  const errors = createBounded(MOST, '_OTHER')
  const gauges = createGauges(destinations)
  const started = createRunning<number>()
  let from: Meter | undefined
  let made: Instruments | undefined

  return {
    attached(receiver) {
      current()
      return gauges.add(receiver)
    },
    replied({ receiver, provider }, { outcome, took, code }) {
      const instruments = current()
      if (!instruments) return
      const base = {
        'messaging.destination.name': receiver,
        'postern.provider': provider,
        'postern.outcome': outcome,
      }
      instruments.deliveries.add(1, code === undefined ? base : { ...base, 'error.type': code })
      instruments.replyDuration.record(took / 1000, base)
    },
    idConflict({ receiver, provider }) {
      current()?.conflicts.add(1, {
        'messaging.destination.name': receiver,
        'postern.provider': provider,
      })
    },
    accepted(event) {
      current()?.sent.add(1, {
        'messaging.system': 'postern',
        'messaging.operation.name': 'send',
        'messaging.destination.name': event.receiver,
        'postern.provider': event.provider,
        'postern.topic': topicOf(event),
      })
    },
    attemptStarted(attempt) {
      const instruments = current()
      if (!instruments) return
      started.set(attempt, performance.now())
      instruments.attempts.add(1, { ...processed(attempt), 'postern.topic': topicOf(attempt) })
    },
    attemptFailed(attempt, error) {
      took(attempt, { 'error.type': errors(attempt.receiver, errorName(error)) })
    },
    retried: (attempt) => ended(attempt, 'retry'),
    postponed(attempt) {
      started.delete(attempt)
      ended(attempt, 'postpone')
    },
    done(attempt, duration) {
      const instruments = current()
      if (!instruments) return
      took(attempt, {}, duration)
      ended(attempt, 'done')
      instruments.endToEnd.record(Math.max(0, Date.now() - attempt.receivedAt) / 1000, {
        ...laneOf(attempt),
        'postern.provider': attempt.provider,
      })
    },
    dead: (attempt) => ended(attempt, 'dead'),
    outcomeRejected(attempt) {
      started.delete(attempt)
      ended(attempt, 'rejected')
    },
    interrupted: (interruption) => current()?.interruptions.add(1, laneOf(interruption)),
    folded: (task) =>
      current()?.folded.add(1, {
        ...laneOf(task),
        'postern.outcome': task.into === undefined ? 'stale' : 'folded',
      }),
    async call({ attempt, destination }, next) {
      const begin = performance.now()
      const called = (error?: string): void =>
        current()?.callDuration.record((performance.now() - begin) / 1000, {
          ...laneOf(attempt),
          'postern.destination': destinations(attempt.receiver, destination),
          ...(error !== undefined && { 'error.type': error }),
        })
      try {
        const answer = await next()
        called(answer.status < 400 ? undefined : String(answer.status))
        return answer
      } catch (error) {
        called(errors(attempt.receiver, callErrorName(error)))
        throw error
      }
    },
    destinationPaused: (pause) => gauges.paused(pause),
  }

  function current(): Instruments | undefined {
    const found = typeof meter === 'function' ? meter() : meter
    if (found === from) return made
    from = found
    if (!found) return (made = undefined)
    const instruments = createInstruments(found)
    const { tasks, oldestDue, inboxUp, breakers } = instruments
    found.addBatchObservableCallback(
      (result) => gauges.read(result, instruments),
      [tasks, oldestDue, inboxUp, breakers],
    )
    return (made = instruments)
  }

  function topicOf({ receiver, topic }: EventInfo): string {
    return topics(receiver, topic)
  }

  /**
   * Records the duration of an attempt. `measured` is the receiver's measurement in milliseconds. If it is 0, the time
   * since `attemptStarted` is recorded.
   */
  function took(attempt: AttemptInfo, more: Record<string, string>, measured = 0): void {
    const begin = started.delete(attempt)
    if (begin === undefined) return
    const duration = measured > 0 ? measured : performance.now() - begin
    current()?.processDuration.record(duration / 1000, { ...processed(attempt), ...more })
  }

  function ended(attempt: AttemptInfo, outcome: string): void {
    current()?.outcomes.add(1, {
      ...laneOf(attempt),
      'postern.provider': attempt.provider,
      'postern.outcome': outcome,
    })
  }
}

function processed(attempt: AttemptInfo): Record<string, string> {
  return {
    'messaging.system': 'postern',
    'messaging.operation.name': 'process',
    ...laneOf(attempt),
    'postern.provider': attempt.provider,
  }
}

/** Returns the name of a thrown value, not its message, which may quote a payload. */
export function errorName(error: unknown): string {
  return textOf(error, 'name') || 'Error'
}

/** Returns the code of a failed call, such as `ECONNREFUSED`, or the error's name. */
export function callErrorName(error: unknown): string {
  const code = textOf(error, 'code')
  return code !== undefined && /^[A-Z_\d]{1,50}$/.test(code) ? code : errorName(error)
}
