import type { JournalBuffer } from './journal-buffer.ts'
import type { Series, SeriesName } from './series.ts'

/** The series of one receiver by what they count. */
interface SeriesCache {
  /** Deliveries by outcome. */
  readonly outcomes: (outcome: string) => Series
  /** Refused deliveries by code. */
  readonly codes: (code: string) => Series
  /** Of a subscription: runs by outcome, failed runs by cause, and the whole time from received to done. */
  readonly lane: (subscription: string) => LaneSeries
}

type LaneSeries = Readonly<Record<'outcome' | 'cause' | 'whole', (value: string) => Series>>

/** Keeps the series of a receiver, since looking one up in the buffer costs more than adding to it. */
export function createSeriesCache(
  receiver: string,
  buffer: Pick<JournalBuffer, 'series'>,
): SeriesCache {
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
