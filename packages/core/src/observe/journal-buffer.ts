import type { MaybePromise } from '../basics/maybe.ts'
import type { Arrival, JournalBatch, MinuteGauge } from '../inbox/journal.ts'
import { createSeriesTable, type Series, type SeriesName } from './series.ts'
import { unref } from '../basics/deadline.ts'

/** The argument of {@link createJournalBuffer}. */
interface JournalBufferOptions {
  /** As `Journal.write`. If it throws, the batch is lost and its deliveries are counted as lost. */
  readonly write: (batch: JournalBatch) => MaybePromise<void>
  /** Milliseconds after which what came is written. @default 1000 */
  readonly every?: number
  /** Deliveries of one batch at most, and as many counts and gauges beside them. @default 500 */
  readonly rows?: number
  /** Verified deliveries kept in a second; beyond, they are counted as lost. @default 1000 */
  readonly perSecond?: number
  /** The same for unverified ones, so that a stranger's flood takes no room of others. @default 50 */
  readonly unverifiedPerSecond?: number
  /** Codes or causes of one series; the rest is counted as `other`. @default 50 */
  readonly values?: number
}

/** Collects entries and writes them off the path of deliveries. No method throws or waits, and memory is bounded. */
export interface JournalBuffer {
  /** True if `arrived` would keep a delivery now; else the delivery is counted as lost. Ask before you make its row. */
  takes(verified: boolean): boolean
  arrived(arrival: Arrival): void
  /** The series of a name, for `add`. */
  series(name: SeriesName): Series
  /** Tasks of a subscription now; the last value of a minute counts. */
  gauge(gauge: MinuteGauge): void
  /** Writes what came. */
  flush(): Promise<void>
  /** The same, and takes nothing more. */
  close(): Promise<void>
}

// Times `every` after which a timer is given up.
const LOST = 5

/** Makes a {@link JournalBuffer}. */
export function createJournalBuffer(options: JournalBufferOptions): JournalBuffer {
  const { write, every = 1000, rows = 500, perSecond = 1000, values = 50 } = options
  const most = {
    verified: Math.max(1, Math.round((perSecond * every) / 1000)),
    unverified: Math.max(1, Math.round(((options.unverifiedPerSecond ?? 50) * every) / 1000)),
  }
  const table = createSeriesTable(values, schedule)
  let gauges = new Map<string, MinuteGauge>()
  let arrived: Arrival[] = []
  let kept = { verified: 0, unverified: 0 }
  let lost = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let scheduled = 0
  let writing: Promise<void> = Promise.resolve()
  let closed = false

  return {
    takes,
    arrived(arrival) {
      // Those with a body are few, whatever comes beside them.
      if (!arrival.kept) {
        if (!takes(arrival.verified)) return
        kept[arrival.verified ? 'verified' : 'unverified']++
      }
      if (closed) return
      arrived.push(arrival)
      schedule()
    },
    series: (name) => table.of(name),
    gauge(gauge) {
      if (closed) return
      gauges.set(JSON.stringify([gauge.receiver, gauge.subscription, gauge.minute]), gauge)
      schedule()
    },
    flush,
    close() {
      closed = true
      return flush()
    },
  }

  function takes(verified: boolean): boolean {
    if (closed) return false
    const ring = verified ? 'verified' : 'unverified'
    if (kept[ring] < most[ring]) return true
    // What filled the ring has scheduled the write that tells it.
    lost++
    return false
  }

  function schedule(): void {
    if (closed) return
    // Workers end the timers of a request with it: one that is long over does not ring any more.
    if (timer !== undefined && performance.now() - scheduled < LOST * every) return
    clearTimeout(timer)
    scheduled = performance.now()
    timer = setTimeout(() => void flush(), every)
    // A process that has nothing else to do need not stay for this.
    unref(timer)
  }

  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    // One write at a time: a slow store gets fewer, fuller batches, and rows that do not fit are counted as lost.
    return (writing = writing.then(writeAll))
  }

  async function writeAll(): Promise<void> {
    for (const batch of take()) {
      try {
        await write(batch)
      } catch {
        lost += batch.arrived.length + batch.lost
      }
    }
  }

  function take(): readonly JournalBatch[] {
    const all = { arrived, minutes: table.take(), gauges: [...gauges.values()], lost }
    arrived = []
    gauges = new Map()
    kept = { verified: 0, unverified: 0 }
    lost = 0
    const batches: JournalBatch[] = []
    const { length } = all.minutes
    const count = Math.max(all.arrived.length, length + all.gauges.length, all.lost > 0 ? 1 : 0)
    // Counts go with deliveries: a batch is a transaction, and the sync of one costs as much as a hundred rows.
    for (let from = 0; from < count; from += rows)
      batches.push({
        arrived: all.arrived.slice(from, from + rows),
        minutes: all.minutes.slice(from, from + rows),
        gauges: all.gauges.slice(Math.max(0, from - length), Math.max(0, from + rows - length)),
        lost: from === 0 ? all.lost : 0,
      })
    return batches
  }
}
