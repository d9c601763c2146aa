import type { Meter } from '@opentelemetry/api'
import type { AttemptInfo, EventInfo, Observer } from '@postern/core'
import { createBounded } from './bounded.ts'
import { createInstruments } from './create-instruments.ts'

export { INSTRUMENTS, type Instrument, type InstrumentName } from './instruments.ts'

const MOST_TOPICS = 100

/**
 * Makes an observer that records the metrics of {@link INSTRUMENTS} with a meter: any that has OpenTelemetry's interface.
 * No attribute has an unbounded set of values, and none comes from a payload or a header.
 *
 * @example
 * createReceiver({ provider, observers: [observeMetrics(metrics.getMeter('postern'))] })
 */
export function observeMetrics(meter: Meter): Observer {
  const instruments = createInstruments(meter)
  const topics = createBounded(MOST_TOPICS, 'other')
  return {
    answered({ receiver, provider }, { outcome, took, code }) {
      const base = {
        'messaging.destination.name': receiver,
        'postern.provider': provider,
        'postern.outcome': outcome,
      }
      instruments.deliveries.add(1, code === undefined ? base : { ...base, 'error.type': code })
      instruments.replyDuration.record(took / 1000, base)
    },
    conflict({ receiver, provider }) {
      instruments.conflicts.add(1, {
        'messaging.destination.name': receiver,
        'postern.provider': provider,
      })
    },
    accepted(event) {
      instruments.sent.add(1, {
        'messaging.system': 'postern',
        'messaging.operation.name': 'send',
        ...topicOf(event),
      })
    },
    attemptStarted(attempt) {
      instruments.attempts.add(1, {
        'messaging.system': 'postern',
        'messaging.operation.name': 'process',
        'messaging.consumer.group.name': attempt.subscription,
        ...topicOf(attempt),
      })
    },
    retried: (attempt) => ended(attempt, 'retry'),
    postponed: (attempt) => ended(attempt, 'postpone'),
    done: (attempt) => ended(attempt, 'done'),
    dead: (attempt) => ended(attempt, 'dead'),
    fenced: (attempt) => ended(attempt, 'fenced'),
    interrupted({ receiver, subscription }) {
      instruments.interruptions.add(1, {
        'messaging.destination.name': receiver,
        'messaging.consumer.group.name': subscription,
      })
    },
  }

  function topicOf({ receiver, provider, topic }: EventInfo): Record<string, string> {
    return {
      'messaging.destination.name': receiver,
      'postern.provider': provider,
      'postern.topic': topics(receiver, topic),
    }
  }

  function ended({ receiver, provider, subscription }: AttemptInfo, outcome: string): void {
    instruments.outcomes.add(1, {
      'messaging.destination.name': receiver,
      'messaging.consumer.group.name': subscription,
      'postern.provider': provider,
      'postern.outcome': outcome,
    })
  }
}
