import type { ChangeReply, ChangeRequest } from '../../src/api/change.ts'
import { now } from '../words/time.ts'
import type { EndsReply } from '../../src/api/actions.ts'
import { AskFailure, act, ask } from './ask.ts'
import { refresh } from './live.ts'
import { createPageValue, type PageValue } from './store.ts'

export type Filter = Readonly<Record<string, string | number>>
export type What = 'replay' | 'delete'

/** Tasks a second; 0 is all at once. */
export const RATES = [1, 10, 50, 200, 0] as const

/** A change of many tasks that this page drives, chunk by chunk: leaving the page stops it. */
export interface BulkJob {
  readonly what: What
  readonly filter: Filter
  readonly total: number
  readonly done: number
  readonly rate: number
  readonly phase: 'running' | 'stopped' | 'finished' | 'failed'
  readonly message: string
  /** Its action, once something was changed. */
  readonly action: string
  /** What became of the tasks that run again. */
  readonly ends: EndsReply | undefined
}

export const job: PageValue<BulkJob | undefined> = createPageValue<BulkJob | undefined>(undefined)

/** How many match now; `until` leaves those alone that come later. */
export interface BulkCount {
  readonly count: number
  readonly until: number
}

let stopping: AbortController | undefined

/** Counts without changing anything. `progress` is called with the sum after each chunk. */
export async function countMatches(
  what: What,
  filter: Filter,
  signal: AbortSignal,
  progress: (count: number) => void,
): Promise<BulkCount> {
  let count = 0
  let cursor: string | undefined
  let until: number | undefined
  do {
    const body: ChangeRequest = { filter, dryRun: true, ...given({ cursor, until }) }
    const reply: ChangeReply = await act(what, body, signal)
    count += reply.count
    until ??= reply.until
    cursor = reply.cursor
    progress(count)
  } while (cursor !== undefined)
  return { count, until }
}

/** Changes those that were counted. A rate is kept by a chunk a second, so that stopping takes effect within one. */
export async function startJob(
  what: What,
  filter: Filter,
  counted: BulkCount,
  rate: number,
): Promise<void> {
  if (job.get()?.phase === 'running') return
  const mine = new AbortController()
  stopping = mine
  let state: BulkJob = {
    what,
    filter,
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
  let cursor: string | undefined
  let chunks = 0
  try {
    do {
      const body: ChangeRequest = {
        filter,
        until: counted.until,
        limit: rate || 500,
        ...(rate > 0 ? { rate } : {}),
        ...given({ cursor }),
      }
      const reply: ChangeReply = await act(what, body)
      cursor = reply.cursor
      chunks++
      state = { ...state, done: state.done + reply.count, action: reply.action ?? state.action }
      job.set(state)
      if (cursor !== undefined && rate > 0) await until(started + chunks * 1000, mine.signal)
    } while (cursor !== undefined && !mine.signal.aborted)
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

/** Says what becomes of the tasks, until all have ended or the bar is closed. */
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

/** Stops after the chunk that is being changed. */
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

function given<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>
  }
}
