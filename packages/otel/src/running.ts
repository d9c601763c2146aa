export interface AttemptKey {
  readonly receiver: string
  readonly task: string
  readonly attempt: number
}

/** Values by running attempt. An observer learns of one attempt in several calls. */
interface RunningValues<T> {
  get(attempt: AttemptKey): T | undefined
  set(attempt: AttemptKey, value: T): void
  delete(attempt: AttemptKey): T | undefined
}

// Released attempts end without a call. Beyond this number, the oldest value is dropped.
const MOST = 10_000

/** Creates an empty map. `forgotten` gets each dropped value. */
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
