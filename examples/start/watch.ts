import type { AttemptInfo, Observer } from '@postern/core'

/** Counts what happens, by receiver. */
export interface Watch {
  readonly observer: Observer
  /** Attempts begun so far. */
  runs(receiver: string): number
  /** Resolves when every task that was accepted is done or dead. */
  settled(): Promise<void>
}

/** Makes a watch over deliveries that arrive from now on: tasks that an earlier run has left are not counted. */
export function createWatch(): Watch {
  const since = Date.now()
  const started = new Map<string, number>()
  let open = 0
  let waiting: (() => void)[] = []
  const close = ({ receivedAt }: AttemptInfo): void => {
    if (receivedAt < since || --open > 0) return
    for (const resolve of waiting) resolve()
    waiting = []
  }
  return {
    observer: {
      accepted: (_, tasks) => void (open += tasks),
      attemptStarted: ({ receiver, receivedAt }) => {
        if (receivedAt >= since) started.set(receiver, (started.get(receiver) ?? 0) + 1)
      },
      done: close,
      dead: close,
    },
    runs: (receiver) => started.get(receiver) ?? 0,
    settled: () =>
      open === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
  }
}
