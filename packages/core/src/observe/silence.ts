import type { Observer } from '../observer.ts'
import type { Writable } from '../basics/maybe.ts'
import { unref } from '../basics/deadline.ts'

/** Notes the time of the last verified delivery, and reports when none came for too long. */
export interface Silence {
  /** When the last verified delivery came to this process, in milliseconds since 1970. */
  readonly last: number | undefined
  /** Milliseconds without a delivery; undefined if the option is not set. */
  readonly limit: number | undefined
  heard(at: number): void
  start(): void
  stop(): void
}

/** The argument of {@link createSilence}. */
interface SilenceContext {
  readonly name: string
  /** Milliseconds without a delivery; undefined if the option is not set. */
  readonly limit: number | undefined
  readonly now: () => number
  readonly observer: Observer
}

const OFTEN = 60_000

/** Makes the watch of a receiver. A silence is told once, and again only after a delivery ended it. */
export function createSilence({ name, limit, now, observer }: SilenceContext): Silence {
  let since = 0
  let told = false
  let timer: ReturnType<typeof setInterval> | undefined

  const silence: Writable<Silence> = {
    limit,
    last: undefined,
    heard(at) {
      silence.last = at
      since = at
      told = false
    },
    start() {
      if (limit === undefined || timer !== undefined) return
      since = silence.last ?? now()
      timer = setInterval(look, Math.min(Math.max(limit / 4, 1), OFTEN))
      unref(timer)
    },
    stop: () => clearInterval(timer),
  }
  return silence

  function look(): void {
    if (told || now() - since < limit!) return
    told = true
    observer.silent?.(name, since)
  }
}
