import type { ChangeReply, ChangeRequest } from '../../src/api/change.ts'
import { now } from '../words/time.ts'
import type { EndsReply } from '../../src/api/actions.ts'
import { AskFailure, act, ask } from './ask.ts'
import { refresh } from './live.ts'
import { createPageValue, type PageValue } from './store.ts'

export type Filter = Readonly<Record<string, string | number>>
export type What = 'replay' | 'delete'

/**
 * The tasks to change: all tasks that match the filter. If `ids` is given, the id of a task must also be listed there.
 */
export interface Which {
  readonly filter: Filter
  readonly ids?: readonly string[]
}

/** The rates to choose from, in tasks per second. 0 means no limit. */
export const RATES = [1, 10, 50, 200, 0] as const

/** A change of many tasks. The page sends the change in chunks, so leaving the page stops the change. */
export interface BulkJob {
  readonly what: What
  readonly total: number
  readonly done: number
  readonly rate: number
  readonly phase: 'running' | 'stopped' | 'finished' | 'failed'
  readonly message: string
  /** Id of the action that records the change. Empty until a task was changed. */
  readonly action: string
  /** For a replay: how the tasks have ended so far. */
  readonly ends: EndsReply | undefined
}

export const job: PageValue<BulkJob | undefined> = createPageValue<BulkJob | undefined>(undefined)

/** The number of tasks that match now. Tasks received after `until` are not changed. */
export interface BulkCount {
  readonly count: number
  readonly until: number
}

let stopping: AbortController | undefined

// Maximum number of ids per request.
const MOST_IDS = 100

/** Splits the ids into one list per request. Without ids, one request is for all matching tasks. */
function partsOf({ ids }: Which, size: number): readonly { readonly ids?: readonly string[] }[] {
  if (ids === undefined) return [{}]
  const count = Math.ceil(ids.length / size)
  return Array.from({ length: count }, (_, at) => ({ ids: ids.slice(at * size, (at + 1) * size) }))
}

/** Counts the matching tasks without changing them. Calls `progress` with the sum after each chunk. */
export async function countMatches(
  what: What,
  which: Which,
  signal: AbortSignal,
  progress: (count: number) => void,
): Promise<BulkCount> {
  const { filter } = which
  let count = 0
  let until = 0
  for (const part of partsOf(which, MOST_IDS)) {
    let cursor: string | undefined
    do {
      const given = defined({ cursor, until: until || undefined })
      const body: ChangeRequest = { filter, dryRun: true, ...part, ...given }
      const reply: ChangeReply = await act(what, body, signal)
      count += reply.count
      until ||= reply.until
      cursor = reply.cursor
      progress(count)
    } while (cursor !== undefined)
  }
  return { count, until }
}

/** Changes the counted tasks. A limited rate sends one chunk per second, so that Stop has an effect within a second. */
export async function startJob(
  what: What,
  which: Which,
  counted: BulkCount,
  rate: number,
): Promise<void> {
  if (job.get()?.phase === 'running') return
  const mine = new AbortController()
  stopping = mine
  let state: BulkJob = {
    what,
    total: counted.count,
    done: 0,
    rate,
    phase: 'running',
    message: '',
    action: '',
    ends: undefined,
  }
  job.set(state)
  addEventListener('beforeunload', warn)
  const started = now()
  const { filter, ids } = which
  const size = ids ? Math.min(rate || MOST_IDS, MOST_IDS) : rate || 500
  let chunks = 0
  try {
    for (const part of partsOf(which, size)) {
      let cursor: string | undefined
      do {
        if (rate > 0) await until(started + (chunks++ * size * 1000) / rate, mine.signal)
        if (mine.signal.aborted) break
        const body: ChangeRequest = {
          filter,
          until: counted.until,
          ...(ids ? defined({ ...part, action: state.action || undefined }) : { limit: size }),
          ...(rate > 0 && !ids ? { rate } : {}),
          ...defined({ cursor }),
        }
        const reply: ChangeReply = await act(what, body)
        cursor = reply.cursor
        state = { ...state, done: state.done + reply.count, action: reply.action ?? state.action }
        job.set(state)
      } while (cursor !== undefined)
    }
    state = { ...state, phase: mine.signal.aborted ? 'stopped' : 'finished' }
  } catch (error) {
    const message = error instanceof AskFailure ? error.message : String(error)
    state = { ...state, phase: 'failed', message }
  }
  job.set(state)
  removeEventListener('beforeunload', warn)
  refresh()
  if (what === 'replay' && state.action !== '') await followJob(state)
}

const EVERY = 2000

/** Updates the counts of ended tasks every two seconds, until all have ended or the reader closes the progress bar. */
async function followJob(state: BulkJob): Promise<void> {
  let waits = true
  while (waits && job.get()?.action === state.action) {
    const ends = await ask<EndsReply>('ends', { action: state.action }).catch(() => undefined)
    const current = job.get()
    if (ends === undefined || current?.action !== state.action) {
      if (current?.action !== state.action) return
    } else {
      job.set({ ...current, ends })
      waits = ends.waiting > 0
    }
    if (waits) await new Promise((resolve) => setTimeout(resolve, EVERY))
  }
}

export function stopJob(): void {
  stopping?.abort()
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault()
}

function until(time: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, Math.max(0, time - now()))
    signal.addEventListener('abort', end)
  })
}

function defined<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>
  }
}
