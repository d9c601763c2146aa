import { createPlaces } from './places.ts'

/** How much is remembered. */
export interface Memory {
  /** Entries. */
  readonly max: number
  /** Milliseconds for which an entry is known after it was set. */
  readonly window: number
}

/** Values by key for a window, the oldest of them dropped beyond a count. */
export interface Forgetful<Value> {
  /** The value. A look does not make its key recent. */
  peek(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
}

const LEAST = 16
const HOUR = 3_600_000

/**
 * Makes a {@link Forgetful}. `now` gives the time in milliseconds; `shortened` hears, at most once an hour, how many milliseconds an entry had
 * left that `max` pushed out.
 */
// All live for the same time and no look makes one recent, so the oldest is the first that was set: a ring in the order of
// setting. What was set again or deleted leaves a gap in it.
export function createForgetful<Value extends object | string>(
  { max, window }: Memory,
  now: () => number,
  shortened: (left: number) => void,
): Forgetful<Value> {
  let keys: (string | undefined)[] = gaps(LEAST)
  let values: (Value | undefined)[] = gaps(LEAST)
  let times = new Float64Array(LEAST)
  let places = createPlaces(LEAST, (place) => keys[place])
  let first = 0
  let used = 0
  let tellAgain = 0

  return {
    peek(key) {
      const place = places.find(key)
      return place < 0 || now() - times[place]! > window ? undefined : values[place]
    },
    set(key, value) {
      const at = now()
      clear(key)
      if (places.size() === max) push(at)
      if (used === keys.length) renew()
      let place = first + used++
      if (place >= keys.length) place -= keys.length
      keys[place] = key
      values[place] = value
      times[place] = at
      places.add(key, place)
    },
    delete: clear,
  }

  /** Leaves a gap where the key stands. */
  function clear(key: string): void {
    const place = places.find(key)
    if (place >= 0) empty(place)
  }

  function empty(place: number): void {
    places.remove(place)
    keys[place] = values[place] = undefined
  }

  /** Drops the oldest one for another. */
  function push(at: number): void {
    while (keys[first] === undefined) skip()
    const left = times[first]! + window - at
    empty(first)
    skip()
    if (left <= 0 || at < tellAgain) return
    tellAgain = at + HOUR
    shortened(left)
  }

  function skip(): void {
    first = first + 1 === keys.length ? 0 : first + 1
    used--
  }

  /** Takes the gaps out, into a ring with room for as many again, or for a quarter more once `max` is near. */
  function renew(): void {
    const size = places.size()
    const before = { keys, values, times, first, used }
    const length = Math.max(LEAST, Math.min(size * 2, max + (max >> 2)))
    keys = gaps(length)
    values = gaps(length)
    times = new Float64Array(length)
    places = createPlaces(length, (place) => keys[place])
    first = used = 0
    for (let at = 0; at < before.used; at++) {
      const from = (before.first + at) % before.keys.length
      const key = before.keys[from]
      if (key === undefined) continue
      keys[used] = key
      values[used] = before.values[from]
      times[used] = before.times[from]!
      places.add(key, used++)
    }
  }
}

function gaps<T>(length: number): (T | undefined)[] {
  const made: (T | undefined)[] = []
  made.length = length
  return made
}
