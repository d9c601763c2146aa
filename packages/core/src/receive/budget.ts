import { WebhookError } from '../errors.ts'

/** Bodies up to this many bytes have a share of their own. */
const SMALL = 64 * 1024
const SHARE = 0.25
/** Of a full share so much is freed at once, so that a flood does not look for the slowest with each part. */
const FREED = 1 / 16
/** Bodies of a burst come at nearly one pace: the last to come is rejected then, not one that is nearly whole. */
const MARGIN = 2

/** Bytes of all bodies that a receiver holds and has not answered. */
interface Budget {
  /**
   * Makes the account of one request: when it started, on the monotonic clock, and whether its head proved the sender.
   */
  open(started: number, proven: boolean): Account
}

/** What one request holds of the budget. */
export interface Account {
  /**
   * Counts bytes that arrived. If there is no room, bodies that are still being read are dropped: those with the slowest
   * progress since their start, and those whose head proved the sender last. Throws `overloaded` (503) if there are none
   * that are slower than this one.
   */
  take(bytes: number): void
  /** Calls `drop` if this body is dropped while it is read. */
  onDrop(drop: (error: WebhookError) => void): void
  /** The body is whole: it is not dropped any more. */
  complete(): void
  /** Gives back the counted bytes. A second call does nothing. */
  release(): void
}

/**
 * Makes a budget of `limit` bytes. A quarter of it is for bodies up to 64 KiB: a body counts there until it grows beyond,
 * so that senders of large bodies never use up what small ones need.
 */
export function createBudget(limit: number, monotonic: () => number): Budget {
  const small = createShare(limit * SHARE, monotonic)
  const large = createShare(limit - limit * SHARE, monotonic)
  return { open: (started, proven) => new BodyAccount(small, large, started, proven) }
}

/** One part of the budget, with the bodies that are being read within it. */
interface Share {
  readonly reading: Set<BodyAccount>
  /** Takes bytes for an account. Throws if they are not to be had. */
  take(account: BodyAccount, bytes: number): void
  give(bytes: number): void
}

function createShare(size: number, monotonic: () => number): Share {
  const reading = new Set<BodyAccount>()
  let left = size
  return {
    reading,
    take(account, bytes) {
      if (left < bytes && !freed(account, bytes)) throw overloaded()
      left -= bytes
    },
    give: (bytes) => void (left += bytes),
  }

  /** Drops bodies that are slower than the asking one, the slowest first; false if they are not enough. */
  function freed(asking: BodyAccount, bytes: number): boolean {
    const now = monotonic()
    const pace = (one: BodyAccount, more = 0): number =>
      (one.held + more) / Math.max(now - one.started, 1)
    const most = pace(asking, bytes) / MARGIN
    const slower = [...reading]
      .map((one) => ({ one, pace: pace(one) }))
      .filter(({ one, pace }) =>
        one.proven === asking.proven ? one !== asking && pace < most : asking.proven,
      )
      .sort((a, b) => Number(a.one.proven) - Number(b.one.proven) || a.pace - b.pace)
    const enough = Math.max(bytes, size * FREED)
    for (const { one } of slower) {
      if (left >= enough) break
      one.drop(overloaded())
    }
    return left >= bytes
  }
}

function overloaded(): WebhookError {
  return new WebhookError('overloaded', { problem: 'buffers_full', option: 'limits.totalBuffered' })
}

// A class, since one is made for each request.
class BodyAccount implements Account {
  readonly started: number
  readonly proven: boolean
  held = 0
  readonly #large: Share
  #share: Share
  #dropped: WebhookError | undefined
  #drop: ((error: WebhookError) => void) | undefined

  constructor(small: Share, large: Share, started: number, proven: boolean) {
    this.#share = small
    this.#large = large
    this.started = started
    this.proven = proven
  }

  take(bytes: number): void {
    if (this.#dropped) throw this.#dropped
    if (this.#share !== this.#large && this.held + bytes > SMALL) {
      const all = this.held + bytes
      this.#give()
      this.#share = this.#large
      this.#take(all)
    } else this.#take(bytes)
  }

  onDrop(drop: (error: WebhookError) => void): void {
    this.#drop = drop
  }

  complete(): void {
    this.#share.reading.delete(this)
    this.#drop = undefined
  }

  release(): void {
    this.#drop = undefined
    this.#give()
  }

  drop(error: WebhookError): void {
    const drop = this.#drop
    this.#dropped = error
    this.release()
    drop?.(error)
  }

  #give(): void {
    this.#share.reading.delete(this)
    this.#share.give(this.held)
    this.held = 0
  }

  #take(bytes: number): void {
    this.#share.take(this, bytes)
    this.held += bytes
    this.#share.reading.add(this)
  }
}
