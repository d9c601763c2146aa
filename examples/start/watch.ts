import type { AttemptInfo, Observer } from '@postern/core'

/** Counts handler runs by receiver. */
export interface Watch {
  readonly observer: Observer
  /** Returns the number of attempts that have started. */
  runs(receiver: string): number
  /** Resolves when every accepted task is done or dead. */
  settled(): Promise<void>
}

/** Creates a watch for deliveries from now on. It ignores tasks of an earlier run. */
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
