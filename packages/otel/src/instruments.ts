import type { Counter, Histogram, Meter, ObservableGauge } from '@opentelemetry/api'

/** Definition of a metric. */
export interface Instrument {
  /** Name from OpenTelemetry's messaging conventions if they define the metric, otherwise `postern.*`. */
  readonly name: string
  /** `counter`: only grows. `histogram`: a distribution. `gauge`: read at collection. */
  readonly kind: 'counter' | 'histogram' | 'gauge'
  /** Unit in the UCUM notation that OpenTelemetry uses, such as `s` or `{delivery}`. */
  readonly unit: string
  readonly description: string
  /** Upper bounds of a histogram's buckets, in the metric's unit. */
  readonly buckets?: readonly number[]
  /** Names of the metric's attributes. Each attribute has few different values: see the README. */
  readonly attributes: readonly string[]
}

/** Key of {@link INSTRUMENTS}. */
export type InstrumentName = CounterName | HistogramName | GaugeName

type CounterName =
  | 'deliveries'
  | 'conflicts'
  | 'sent'
  | 'attempts'
  | 'outcomes'
  | 'interruptions'
  | 'folded'
type HistogramName = 'replyDuration' | 'processDuration' | 'endToEnd' | 'callDuration'
type GaugeName = 'tasks' | 'oldestDue' | 'inboxUp' | 'breakers'

// Bounds in seconds that OpenTelemetry's conventions recommend for `messaging.process.duration` and HTTP durations.
const QUICK = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
// Bounds in seconds. A reply usually takes less than 5 ms; most senders wait for 3 to 30 s.
const REPLY = [0.001, 0.0025, ...QUICK, 30]
// Bounds in seconds. A handler may take minutes.
const HANDLER = [...QUICK, 30, 60, 300]
// Bounds in seconds for the time from a delivery to the end of its task: from immediately to days of retries.
const WHOLE = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 3600, 21_600, 86_400, 259_200]

const SENT = ['messaging.system', 'messaging.operation.name', 'messaging.destination.name'] as const
const PROCESSED = [...SENT, 'messaging.consumer.group.name', 'postern.provider'] as const
const LANE = ['messaging.destination.name', 'messaging.consumer.group.name'] as const
const CALLED = [...LANE, 'postern.destination'] as const

/**
 * All metrics of a receiver. `otel()` and `@postern/otel/prometheus` record these and no others. Among the attributes,
 * `messaging.destination.name` is the receiver and `messaging.consumer.group.name` is the subscription.
 *
 * @example
 * for (const { name, unit, description } of Object.values(INSTRUMENTS)) console.log(name, unit, description)
 */
export const INSTRUMENTS: Readonly<Record<InstrumentName, Instrument>> = {
  deliveries: {
    name: 'postern.deliveries',
    kind: 'counter',
    unit: '{delivery}',
    description:
      'Deliveries that were answered; error.type is the code of a rejection, and empty for the others',
    attributes: ['messaging.destination.name', 'postern.provider', 'postern.outcome', 'error.type'],
  },
  replyDuration: {
    name: 'postern.reply.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Time from the head of a delivery to its reply',
    buckets: REPLY,
    attributes: ['messaging.destination.name', 'postern.provider', 'postern.outcome'],
  },
  conflicts: {
    name: 'postern.conflicts',
    kind: 'counter',
    unit: '{event}',
    description: 'Events whose id the sender had used for another body',
    attributes: ['messaging.destination.name', 'postern.provider'],
  },
  sent: {
    name: 'messaging.client.sent.messages',
    kind: 'counter',
    unit: '{message}',
    description: 'Events that were accepted: stored, and to be handled',
    attributes: [...SENT, 'postern.provider', 'postern.topic'],
  },
  attempts: {
    name: 'messaging.client.consumed.messages',
    kind: 'counter',
    unit: '{message}',
    description: 'Attempts that started: events that were handed to a handler',
    attributes: [...PROCESSED, 'postern.topic'],
  },
  processDuration: {
    name: 'messaging.process.duration',
    kind: 'histogram',
    unit: 's',
    description:
      'Time an attempt took; error.type is the name of the error, and empty if it succeeded',
    buckets: HANDLER,
    attributes: [...PROCESSED, 'error.type'],
  },
  outcomes: {
    name: 'postern.task.outcomes',
    kind: 'counter',
    unit: '{attempt}',
    description:
      'Stored outcomes of attempts: done, retry, postpone or dead; rejected if the claim was lost before',
    attributes: [...LANE, 'postern.provider', 'postern.outcome'],
  },
  interruptions: {
    name: 'postern.task.interruptions',
    kind: 'counter',
    unit: '{interruption}',
    description: 'Runs that ended without an outcome: the process died, or its lease ended',
    attributes: LANE,
  },
  folded: {
    name: 'postern.task.folded',
    kind: 'counter',
    unit: '{task}',
    description: 'Tasks that ended without a run, with debounce: folded into a newer one, or stale',
    attributes: [...LANE, 'postern.outcome'],
  },
  endToEnd: {
    name: 'postern.task.end_to_end.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Time from the delivery of an event to the end of a task that is done',
    buckets: WHOLE,
    attributes: [...LANE, 'postern.provider'],
  },
  tasks: {
    name: 'postern.inbox.tasks',
    kind: 'gauge',
    unit: '{task}',
    description:
      'Tasks in the inbox by state: pending, running or dead. Processes that share an inbox report the same number: use the maximum',
    attributes: [...LANE, 'postern.state'],
  },
  oldestDue: {
    name: 'postern.inbox.oldest_due.age',
    kind: 'gauge',
    unit: 's',
    description: 'How long the oldest task that is due has been due; 0 if none is',
    attributes: LANE,
  },
  inboxUp: {
    name: 'postern.inbox.up',
    kind: 'gauge',
    unit: '{inbox}',
    description:
      '1 if the inbox reported its depth when last asked, 0 if it failed or was too slow',
    attributes: ['messaging.destination.name'],
  },
  callDuration: {
    name: 'postern.forward.call.duration',
    kind: 'histogram',
    unit: 's',
    description:
      'Time of a call to a destination of forward; error.type is the status, or the error without one',
    buckets: [...QUICK, 30],
    attributes: [...CALLED, 'error.type'],
  },
  breakers: {
    name: 'postern.forward.breakers',
    kind: 'gauge',
    unit: '{destination}',
    description:
      'Destinations by the state of their breaker in this process: closed, open or half_open. A destination is counted once its calls have been paused',
    attributes: [...CALLED, 'postern.state'],
  },
}

/**
 * Returns the name of a metric in Prometheus: its OpenTelemetry name and its unit. The exporter then replaces dots by
 * underscores and adds `_total` to counters. Prometheus translates OpenTelemetry names in the same way, so one
 * dashboard fits both. https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
export function metricName({ name, unit }: Pick<Instrument, 'name' | 'unit'>): string {
  // `{delivery}` is an annotation, not a unit.
  if (/^(?:\{.*\})?$/.test(unit)) return name
  const word = UNITS[unit]
  if (word === undefined) throw new TypeError(`${name}: unit ${unit} has no Prometheus name`)
  return `${name}_${word}`
}

const UNITS: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' }

export type Instruments = Readonly<
  Record<CounterName, Counter> &
    Record<HistogramName, Histogram> &
    Record<GaugeName, ObservableGauge>
>

export function createInstruments(meter: Meter): Instruments {
  const made = Object.entries(INSTRUMENTS).map(
    ([key, { name, kind, unit, description, buckets = [] }]) => {
      const options = { unit, description }
      if (kind === 'counter') return [key, meter.createCounter(name, options)]
      if (kind === 'gauge') return [key, meter.createObservableGauge(name, options)]
      const advice = { explicitBucketBoundaries: [...buckets] }
      return [key, meter.createHistogram(name, { ...options, advice })]
    },
  )
  return Object.fromEntries(made) as Instruments
}
