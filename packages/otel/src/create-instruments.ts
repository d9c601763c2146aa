import type { Counter, Histogram, Meter, ObservableGauge } from '@opentelemetry/api'
import { INSTRUMENTS, type InstrumentName } from './instruments.ts'

/** The instruments of {@link INSTRUMENTS}, made with a meter. */
export interface Instruments {
  readonly deliveries: Counter
  readonly replyDuration: Histogram
  readonly conflicts: Counter
  readonly sent: Counter
  readonly attempts: Counter
  readonly processDuration: Histogram
  readonly outcomes: Counter
  readonly interruptions: Counter
  readonly endToEnd: Histogram
  readonly callDuration: Histogram
  readonly tasks: ObservableGauge
  readonly oldestDue: ObservableGauge
  readonly inboxUp: ObservableGauge
  readonly breakers: ObservableGauge
}

/** Makes the instruments. */
export function createInstruments(meter: Meter): Instruments {
  return {
    deliveries: counter('deliveries'),
    replyDuration: histogram('replyDuration'),
    conflicts: counter('conflicts'),
    sent: counter('sent'),
    attempts: counter('attempts'),
    processDuration: histogram('processDuration'),
    outcomes: counter('outcomes'),
    interruptions: counter('interruptions'),
    endToEnd: histogram('endToEnd'),
    callDuration: histogram('callDuration'),
    tasks: gauge('tasks'),
    oldestDue: gauge('oldestDue'),
    inboxUp: gauge('inboxUp'),
    breakers: gauge('breakers'),
  }

  function counter(of: InstrumentName): Counter {
    const { name, unit, description } = INSTRUMENTS[of]
    return meter.createCounter(name, { unit, description })
  }

  function histogram(of: InstrumentName): Histogram {
    const { name, unit, description, buckets = [] } = INSTRUMENTS[of]
    return meter.createHistogram(name, {
      unit,
      description,
      advice: { explicitBucketBoundaries: [...buckets] },
    })
  }

  function gauge(of: InstrumentName): ObservableGauge {
    const { name, unit, description } = INSTRUMENTS[of]
    return meter.createObservableGauge(name, { unit, description })
  }
}
