import type { Inbox } from '../inbox/inbox.ts'
import { settledBy } from '../inbox/kit/deadline.ts'
import { WebhookError } from '../errors.ts'
import type { Source } from '../source.ts'
import type { CatchUpOptions } from './catch-up/options.ts'
import type { CaughtUp } from './catch-up/result.ts'
import type { CatchUpSetup } from './catch-up/setup.ts'
import type { Line } from './line.ts'

/** The catch-ups of one receiver. Their module is loaded with the first one. */
export interface CatchUps {
  run(source: Source, options: CatchUpOptions): Promise<CaughtUp>
  /** Catches up by the option `catchUp`: since the last delivery, or since a silence began. */
  begin(why: 'start' | 'silence', since?: number): void
  /** Stops those that run, so that another process can go on, and waits until their progress is stored. */
  close(until: number): Promise<void>
}

/** The argument of {@link createCatchUps}. */
export interface CatchUpsContext {
  readonly line: () => Line
  readonly inbox: Inbox
  readonly topics: () => readonly string[]
  readonly setups: readonly CatchUpSetup[]
  readonly warn: (message: string) => void
}

/** Makes it. */
export function createCatchUps({ line, inbox, topics, setups, warn }: CatchUpsContext): CatchUps {
  const stop = new AbortController()
  const running = new Set<Promise<unknown>>()
  const context = { inbox, topics, closing: stop.signal }

  return {
    async run(source, options) {
      const { catchUp } = await import('./catch-up/catch-up.ts')
      return watched(catchUp({ ...context, line: line() }, source, options))
    },
    begin(why, since) {
      for (const setup of setups) {
        const begun = import('./catch-up/automatic.ts').then(({ automatic }) =>
          automatic({ ...context, line: line(), warn }, setup, why, since),
        )
        watched(begun).catch((error: unknown) => warn(`catchUp: ${String(error)}`))
      }
    },
    async close(until) {
      stop.abort(
        new WebhookError('closed', 'catchUp: the receiver was closed; a later call goes on'),
      )
      await settledBy(Promise.allSettled(running), until)
    },
  }

  function watched<Result>(work: Promise<Result>): Promise<Result> {
    running.add(work)
    const over = (): void => void running.delete(work)
    work.then(over, over)
    return work
  }
}
