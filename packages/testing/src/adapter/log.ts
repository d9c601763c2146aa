import type { ErrorDetails, Json, Observer } from '@postern/core'
import { factsOf } from '@postern/core/internal'

/** One run of the handler, with its arguments. */
export interface Run {
  readonly id: string | undefined
  readonly topic: string
  readonly tenant: string | undefined
  readonly context: Json | undefined
  readonly method: string
  readonly url: string
  /** The bytes of the wire in base64. */
  readonly body: string
  readonly payload: Json | undefined
}

/** What happened at a stage so far. */
export interface Report {
  readonly runs: readonly Run[]
  /** Reasons of rejections, as observers heard them. */
  readonly rejected: readonly (ErrorDetails & { readonly code: string })[]
  readonly duplicates: number
  /** URLs of the rejected deliveries that were kept for `explain`; they are written when the receiver closes. */
  readonly kept: readonly string[]
}

/**
 * `report` tells at once; `settled` waits until that many tasks are done or dead, `rejected` for that many rejections;
 * `release` lets the handlers of the stage `held` run; `close` closes the receiver.
 */
export type Control = (
  command: 'report' | 'settled' | 'rejected' | 'release' | 'close',
  count?: number,
) => Promise<Report>

/** What happens at one stage, written down. */
export interface Log {
  readonly observer: Observer
  readonly released: Promise<void>
  readonly control: Control
  ran(run: Run): void
}

/** Makes an empty log. */
export function createLog(close: () => Promise<void>, kept: () => Promise<readonly string[]>): Log {
  const runs: Run[] = []
  const rejected: (ErrorDetails & { code: string })[] = []
  let duplicates = 0
  let settled = 0
  let watchers: (() => void)[] = []
  let release!: () => void
  const released = new Promise<void>((resolve) => (release = resolve))

  return {
    released,
    observer: {
      rejected: (_, error) => changed(() => rejected.push({ ...factsOf(error), code: error.code })),
      duplicate: () => changed(() => duplicates++),
      done: () => changed(() => settled++),
      dead: () => changed(() => settled++),
    },
    ran: (run) => changed(() => runs.push(run)),
    async control(command, count = 1) {
      if (command === 'settled') await until(() => settled >= count)
      if (command === 'rejected') await until(() => rejected.length >= count)
      if (command === 'release') release()
      if (command === 'close') await close()
      return { runs: [...runs], rejected: [...rejected], duplicates, kept: await kept() }
    },
  }

  function changed(change: () => void): void {
    change()
    const waiting = watchers
    watchers = []
    for (const wake of waiting) wake()
  }

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => watchers.push(resolve))
  }
}
