export interface AttemptKey {
  readonly receiver: string
  readonly task: string
  readonly attempt: number
}

/** Map from running attempts to values that several methods of an observer share. */
interface RunningValues<T> {
  get(attempt: AttemptKey): T | undefined
  set(attempt: AttemptKey, value: T): void
  delete(attempt: AttemptKey): T | undefined
}

// Maximum number of values. If there are more, the oldest value is dropped, because no method is called when a process
// releases an attempt.
const MOST = 10_000

/** Creates an empty map. `forgotten` is called with each value that is dropped because the map is full. */
export function createRunning<T>(forgotten?: (value: T) => void): RunningValues<T> {
  const known = new Map<string, T>()
  return {
    get: (attempt) => known.get(keyOf(attempt)),
    set(attempt, value) {
      known.set(keyOf(attempt), value)
      if (known.size <= MOST) return
      const [oldest, left] = known.entries().next().value!
      known.delete(oldest)
      forgotten?.(left)
    },
    delete(attempt) {
      const key = keyOf(attempt)
      const value = known.get(key)
      known.delete(key)
      return value
    },
  }
}

function keyOf({ receiver, task, attempt }: AttemptKey): string {
  return `${attempt} ${task} ${receiver}`
}
