import type { VersionReply } from '../../src/api.ts'
import { now } from '../words/time.ts'
import { AskFailure, ask, signedOut } from './ask.ts'
import { createPageValue, type PageValue } from './store.ts'

export interface Live {
  /** A string that changes when data at the server changes, and when a failure ends. */
  readonly version: string
  readonly isPaused: boolean
  readonly failure: LiveFailure | undefined
}

/** A failure of the server. `since` is its start, and `next` is the time of the next try. */
export interface LiveFailure {
  readonly status: number
  readonly message: string
  readonly since: number
  readonly next: number
}

const EVERY = 2000
/**
 * After this time in milliseconds, data is fetched again even without a change, because a receiver can become silent.
 */
const AT_LEAST = 60_000
const AFTER_FAILURE = [2000, 5000, 10_000, 30_000]

export const live: PageValue<Live> = createPageValue<Live>({
  version: '',
  isPaused: false,
  failure: undefined,
})

let timer: ReturnType<typeof setTimeout> | undefined
let failures = 0
let known = ''
let refreshed = 0
let asking: AbortController | undefined

/** Starts to poll the version while the tab is visible. `version` was fetched before all other data of the page. */
export function startLive(version: string): void {
  known = version
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) stop()
    else void look()
  })
  refreshed = now()
  plan(EVERY)
}

export function pauseLive(isPaused: boolean): void {
  live.set({ ...live.get(), isPaused })
  if (isPaused) stop()
  else void look()
}

export function refresh(): void {
  refreshed = now()
  live.set({ ...live.get(), version: `${known}@${refreshed}` })
}

/** Shows a failure of a request other than the poll, and plans the next try. */
export function reportFailure(failure: AskFailure): void {
  if (live.get().failure === undefined) fail(failure)
}

function stop(): void {
  clearTimeout(timer)
  asking?.abort()
}

function plan(after: number): void {
  clearTimeout(timer)
  if (!document.hidden && !live.get().isPaused && !signedOut.get())
    timer = setTimeout(() => void look(), after)
}

async function look(): Promise<void> {
  stop()
  if (live.get().isPaused) return
  const mine = new AbortController()
  asking = mine
  try {
    const { version } = await ask<VersionReply>('version', {}, mine.signal)
    if (!mine.signal.aborted) succeed(version)
  } catch (error) {
    if (mine.signal.aborted) return
    if (error instanceof AskFailure && error.status !== 401) fail(error)
  }
}

function succeed(version: string): void {
  const had = live.get().failure !== undefined
  failures = 0
  const isNew = version !== known
  known = version
  const isOld = now() - refreshed > AT_LEAST
  if (had || isOld || isNew) {
    refreshed = now()
    live.set({ ...live.get(), version: `${version}@${refreshed}`, failure: undefined })
  }
  plan(EVERY)
}

function fail({ status, message, retryAfter }: AskFailure): void {
  const wait = Math.max(
    AFTER_FAILURE[Math.min(failures, AFTER_FAILURE.length - 1)]!,
    (retryAfter ?? 0) * 1000,
  )
  failures++
  const since = live.get().failure?.since ?? now()
  live.set({ ...live.get(), failure: { status, message, since, next: now() + wait } })
  plan(wait)
}
