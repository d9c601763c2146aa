import {
  addCounts,
  type Bucket,
  type CountKind,
  type Counts,
  type HistoryRange,
} from '@postern/core/inbox'
import {
  DAY,
  HOUR,
  MINUTE,
  MINUTES_KEPT,
  seriesOf,
  spansOf,
  type HistoryContext,
  type Span,
} from './history.ts'

type Name = readonly (string | null)[]

interface Cell {
  readonly from: number
  readonly name: Name
  counts: Counts
}

// Steps of one answer.
const MOST = 10_000

/** The history of a range: of the last two days by minute, before that by hour. */
export async function bucketsOf(
  context: HistoryContext,
  range: HistoryRange,
): Promise<readonly Bucket[]> {
  checkRange(range)
  const { from, to, step, kind = 'delivery', by = 'outcome' } = range
  const gauge = kind === 'gauge'
  const cells = new Map<string, Cell>()
  const border = Date.now() - MINUTES_KEPT
  // An hour at the border may be in minutes or in one piece.
  const early = Math.min(to, border + HOUR)
  for (let day = floor(from, DAY); day < early; day += DAY)
    await add(gauge ? 'hour-gauges' : 'hours', day, await seriesOf(context, day))
  const first = floor(Math.max(from, border - 7 * DAY), HOUR)
  let day = NaN
  let names: ReadonlyMap<number, Name> = new Map()
  for (let hour = first; hour < to && hour <= Date.now(); hour += HOUR) {
    if (floor(hour, DAY) !== day) names = await seriesOf(context, (day = floor(hour, DAY)))
    await add(gauge ? 'gauges' : 'minutes', hour, names)
  }
  return [...cells.values()].sort((one, other) => one.from - other.from).map(toBucket)

  async function add(span: Span, start: number, series: ReadonlyMap<number, Name>): Promise<void> {
    for (const [at, minute] of await spansOf(context, span, start)) {
      if (at < floor(from, span === 'minutes' || span === 'gauges' ? MINUTE : HOUR) || at >= to)
        continue
      for (const [number, counts] of minute) {
        const name = series.get(number)
        if (name && wanted(name)) count(from + floor(Math.max(0, at - from), step), name, counts)
      }
    }
  }

  function wanted([itsKind, itsBy, , receiver, subscription]: Name): boolean {
    return (
      itsKind === kind &&
      (gauge || itsBy === by) &&
      (range.receiver === undefined || range.receiver === receiver) &&
      (range.subscription === undefined || range.subscription === subscription)
    )
  }

  function count(start: number, name: Name, counts: Counts): void {
    const key = `${start} ${JSON.stringify(name)}`
    const known = cells.get(key)
    if (!known) cells.set(key, { from: start, name, counts })
    // The last gauge counts.
    else known.counts = gauge ? counts : addCounts([known.counts, counts])
  }
}

function toBucket({ from, name, counts }: Cell): Bucket {
  const [kind, by, value, receiver, subscription] = name
  const { count, sum, max, histogram } = counts
  if (kind === 'gauge')
    return {
      kind,
      from,
      receiver: receiver!,
      subscription: subscription!,
      pending: count,
      running: sum,
      dead: max,
      oldest: histogram[0]?.[1],
    }
  return {
    from,
    receiver: receiver!,
    ...(subscription !== null && { subscription: subscription! }),
    kind: kind as CountKind,
    by: by as 'outcome' | 'code' | 'cause',
    value: value!,
    count,
    sum,
    max,
    histogram,
  }
}

function checkRange({ from, to, step }: HistoryRange): void {
  if (!(Number.isFinite(from) && Number.isFinite(to) && from < to))
    throw new TypeError(
      `history: from and to must be milliseconds since 1970 in that order, got ${String(from)} and ${String(to)}`,
    )
  if (!(step >= MINUTE && step % MINUTE === 0))
    throw new TypeError(`history: step must be whole minutes in milliseconds, got ${String(step)}`)
  if ((to - from) / step > MOST)
    throw new TypeError(
      `history: ${Math.ceil((to - from) / step)} steps are more than ${MOST}; take a wider step`,
    )
}

function floor(time: number, width: number): number {
  return time - (time % width)
}
