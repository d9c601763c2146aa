import { setTimeout as wait } from 'node:timers/promises'
import { followTasks, type TaskEnds } from '@postern/core/engine'
import type { OpenInbox } from '../../inbox.ts'
import { createBar } from '../../sender-api/bar.ts'

export interface Ends extends Omit<TaskEnds, 'same'> {
  /** Of the dead ones, those that died of the cause that was asked for; undefined if none was. */
  readonly same?: number
  readonly of: number
}

// Milliseconds of one look, and between two.
const LOOK = 200
const PAUSE = 300

/** Follows the tasks of an action until all have ended, or Ctrl-C. A process that runs tasks must be there. */
export async function followAction(
  { view, journal }: Pick<OpenInbox, 'view' | 'journal'>,
  action: string | undefined,
): Promise<Ends> {
  const found = action === undefined ? [] : ((await journal?.actions({ id: action }))?.rows ?? [])
  const { tasks = [], filter = {} } = found[0] ?? {}
  const { cause } = filter
  const followed = followTasks(view, tasks, cause)
  const stop = new AbortController()
  const end = (): void => stop.abort()
  // A second Ctrl-C ends the process.
  process.once('SIGINT', end)
  const bar = createBar()
  try {
    for (;;) {
      const { same, ...rest } = await followed.look(LOOK)
      const ends = { ...rest, ...(cause !== undefined && { same }), of: tasks.length }
      bar.show(endsTold(ends), tasks.length === 0 ? 1 : 1 - ends.waiting / tasks.length)
      if (ends.waiting === 0 || stop.signal.aborted) return ends
      await wait(PAUSE, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  } finally {
    bar.end()
    process.off('SIGINT', end)
  }
}

/** The ends in a line: `312 queued · 280 done · 20 waiting · 12 dead again, same error`. */
export function endsTold({ of, done, waiting, dead, same = 0, gone }: Ends): string {
  const known =
    same === 0 ? '' : same === dead ? ', same error' : `, ${same} of them with the same error`
  const parts = [
    [done, 'done'],
    [waiting, 'waiting'],
    [dead, `dead again${known}`],
    [gone, 'no longer kept'],
  ] as const
  return [
    `${of} queued`,
    ...parts.flatMap(([count, words]) => (count === 0 ? [] : `${count} ${words}`)),
  ].join(' · ')
}
