import type { Observer } from '@postern/core'

/** Counts what happens, by receiver. */
export interface Watch {
  readonly observer: Observer
  /** Attempts begun so far. */
  runs(receiver: string): number
  /** Resolves when every task that was accepted is done or dead. */
  settled(): Promise<void>
}

/** Makes a watch. */
export function createWatch(): Watch {
  const started = new Map<string, number>()
  let open = 0
  let waiting: (() => void)[] = []
  const close = (): void => {
    if (--open > 0) return
    for (const resolve of waiting) resolve()
    waiting = []
  }
  return {
    observer: {
      accepted: (_, tasks) => void (open += tasks),
      attemptStarted: ({ receiver }) =>
        void started.set(receiver, (started.get(receiver) ?? 0) + 1),
      done: close,
      dead: close,
    },
    runs: (receiver) => started.get(receiver) ?? 0,
    settled: () =>
      open === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
  }
}
