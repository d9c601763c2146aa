import { WebhookError } from '../errors.ts'

/** Bodies up to this many bytes have a share of their own. */
const SMALL = 64 * 1024
const SHARE = 0.25

/** Bytes of all bodies that a receiver holds and has not answered. */
export interface Budget {
  /** Makes the account of one request. */
  open(): Account
}

/** What one request holds of the budget. */
export interface Account {
  /** Counts bytes that arrived. Throws `overloaded` (503) when the budget is spent. */
  take(bytes: number): void
  /** Gives back the counted bytes. A second call does nothing. */
  release(): void
}

/**
 * Makes a budget of `limit` bytes. A quarter of it is for bodies up to 64 KiB: a body counts there until it grows beyond,
 * so that senders of large bodies never use up what small ones need.
 */
export function createBudget(limit: number): Budget {
  const small = { left: limit * SHARE }
  const large = { left: limit - small.left }

  return { open: () => new BodyAccount(small, large) }
}

// A class, since one is made for each request.
class BodyAccount implements Account {
  readonly #small: Pool
  readonly #large: Pool
  #held = 0
  #pool: Pool

  constructor(small: Pool, large: Pool) {
    this.#small = small
    this.#large = large
    this.#pool = small
  }

  take(bytes: number): void {
    const held = this.#held + bytes
    if (this.#pool === this.#small && held > SMALL) {
      this.release()
      this.#pool = this.#large
      this.#take(held)
    } else this.#take(bytes)
  }

  release(): void {
    this.#pool.left += this.#held
    this.#held = 0
  }

  #take(bytes: number): void {
    if (this.#pool.left < bytes)
      throw new WebhookError('overloaded', { problem: 'buffers_full', option: 'limits.buffered' })
    this.#pool.left -= bytes
    this.#held += bytes
  }
}

interface Pool {
  left: number
}
