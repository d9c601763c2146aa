import type { Delivery, HeaderLines } from '../delivery.ts'
import { toWebhookError, WebhookError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import type { Provider } from '../provider/provider.ts'

/** A request without its body. */
export interface Head {
  readonly method: string
  readonly url: string
  readonly headers: HeaderLines
}

/** Permission to read a body, and the account of the bytes that were read. */
export interface Admission {
  /** When the head was judged: in milliseconds since 1970, and on the monotonic clock. */
  readonly at: number
  readonly started: number
  /** Maximum size of the body, in bytes. */
  readonly limit: number
  /** Returns the rejection of a larger body; `length` is what its head declares, in bytes. */
  tooLarge(length?: number): WebhookError
  /**
   * Counts bytes that arrived. If there is no room, slower bodies that are still being read are dropped, the slowest
   * first. Those whose head proved the sender are dropped last.
   *
   * @throws {WebhookError} `overloaded` (503) if no body is slower than this one.
   */
  take(bytes: number): void
  /** Calls `drop` if this body is dropped while it is read. */
  onDrop(drop: (error: WebhookError) => void): void
  complete(): void
  /** Releases the counted bytes. A second call does nothing. */
  release(): void
}

interface AdmitContext {
  readonly provider: Provider
  readonly limits: Limits
  readonly now: () => number
  readonly monotonic: () => number
  /** True reads the body of a request whose head is rejected, so that `explain` sees all of it. */
  readonly lenient: boolean
  /** Throws if the receiver accepts no deliveries now. */
  readonly ensureOpen: () => void
}

// An unsigned POST that is a challenge has a few fields.
const GREETING = 1024

/** Makes the first step of a delivery: checks that need only the head. It throws the rejection. */
export function createAdmit(context: AdmitContext): (head: Delivery) => Admission {
  const { provider, limits, now, monotonic } = context
  const methods = provider.methods ?? ['POST']
  const codings = Object.keys(provider.codings ?? {})
  const open = createBudget(limits.totalBuffered, monotonic)
  // Cached: origins repeat, and parsing a URL costs as much as reading a small body.
  let known = 'http://localhost/'

  return function admit(head) {
    context.ensureOpen()
    checkUrl(head.url)
    if (!methods.includes(head.method)) throw wrongMethod(head.method)
    rejectCoding(head.header('content-encoding'))
    const declared = declaredLength(head.header('content-length'))
    if (declared > limits.body) throw tooLarge(limits.body, declared)
    const rejection = provider.admit && !context.lenient ? rejectionOf(head) : undefined
    if (rejection && (!mayGreet(head.method) || declared > GREETING)) throw rejection
    const limit = rejection ? GREETING : limits.body
    const proven = rejection === undefined && provider.proves === true
    return open(limit, proven, rejection, now(), monotonic())
  }

  // Schemes that sign the URL would throw for targets such as `http://[`.
  function checkUrl(url: string): void {
    if (url.startsWith(known)) return
    if (!URL.canParse(url, 'http://localhost'))
      throw new WebhookError('malformed_url', {
        problem: 'malformed',
        field: 'url',
        expected: 'a URL',
      })
    const path = url.indexOf('/', url.indexOf('://') + 3)
    if (path > 0) known = url.slice(0, path + 1)
  }

  function wrongMethod(method: string): WebhookError {
    return new WebhookError(
      'method_not_allowed',
      { problem: 'wrong_method', expected: methods.join(' or '), got: method },
      { headers: { allow: methods.join(', ') } },
    )
  }

  function rejectCoding(value: string | undefined): void {
    if (value === undefined) return
    const coding = value.trim().toLowerCase()
    if (coding === '' || coding === 'identity') return
    if (codings.length > 0 && (coding === 'gzip' || coding === 'x-gzip')) return
    throw new WebhookError(
      'unsupported_encoding',
      {
        problem: 'wrong_coding',
        header: 'content-encoding',
        expected: codings.join(' or ') || 'absent',
        ...(codings.length === 0 && {
          remedy: 'only codings that the provider declares in codings are accepted',
        }),
      },
      { headers: { 'accept-encoding': codings.length === 0 ? 'identity' : codings.join(', ') } },
    )
  }

  function rejectionOf(head: Delivery): WebhookError | undefined {
    try {
      provider.admit!(head, now)
      return undefined
    } catch (error) {
      return toWebhookError(error)
    }
  }

  /** A challenge with another method than POST has no body. A provider with challenges in a POST says so. */
  function mayGreet(method: string): boolean {
    return provider.greet !== undefined && (method !== 'POST' || provider.greets === 'body')
  }
}

function declaredLength(length: string | undefined): number {
  return length === undefined ? 0 : Number(length)
}

function tooLarge(limit: number, length: number | undefined): WebhookError {
  return new WebhookError('body_too_large', {
    problem: 'too_large',
    option: 'limits.body',
    limit,
    ...(length !== undefined && { got: length }),
  })
}

// Bodies up to this size have a share of their own.
const SMALL = 64 * 1024
const SHARE = 0.25
// Minimum part of a full share to free: otherwise each part of a flood would search for the slowest body.
const FREED = 1 / 16
// Bodies of a burst arrive at nearly one pace. Without this margin one that is nearly complete would be dropped.
const MARGIN = 2

/** Makes the admission of one request. `proven` is true if its head proved the sender. */
type Open = (
  limit: number,
  proven: boolean,
  rejection: WebhookError | undefined,
  at: number,
  started: number,
) => BodyAdmission

/**
 * Makes a budget of `total` bytes for all bodies that a receiver holds and has not answered. A quarter of it is for bodies
 * up to 64 KiB: a body counts there until it is larger. So senders of large bodies never use up the room of small ones.
 */
export function createBudget(total: number, monotonic: () => number): Open {
  const small = new Share(total * SHARE, monotonic)
  const large = new Share(total - total * SHARE, monotonic)
  return (limit, proven, rejection, at, started) =>
    new BodyAdmission(small, large, limit, proven, rejection, at, started)
}

class Share {
  readonly reading: Set<BodyAdmission> = new Set()
  readonly #size: number
  readonly #monotonic: () => number
  #left: number

  constructor(size: number, monotonic: () => number) {
    this.#size = this.#left = size
    this.#monotonic = monotonic
  }

  take(asking: BodyAdmission, bytes: number): void {
    if (this.#left < bytes) this.#free(asking, bytes)
    if (this.#left < bytes) throw overloaded()
    this.#left -= bytes
  }

  give(bytes: number): void {
    this.#left += bytes
  }

  /** Drops bodies that are slower than the asking one, the slowest first. */
  #free(asking: BodyAdmission, bytes: number): void {
    const now = this.#monotonic()
    const pace = (one: BodyAdmission, more = 0): number =>
      (one.held + more) / Math.max(now - one.started, 1)
    const most = pace(asking, bytes) / MARGIN
    const slower = [...this.reading]
      .map((one) => ({ one, pace: pace(one) }))
      .filter(({ one, pace }) =>
        one.proven === asking.proven ? one !== asking && pace < most : asking.proven,
      )
      .sort((a, b) => Number(a.one.proven) - Number(b.one.proven) || a.pace - b.pace)
    const enough = Math.max(bytes, this.#size * FREED)
    for (const { one } of slower) {
      if (this.#left >= enough) break
      one.drop(overloaded())
    }
  }
}

function overloaded(): WebhookError {
  return new WebhookError('overloaded', { problem: 'buffers_full', option: 'limits.totalBuffered' })
}

// A class, since one is made for each request.
class BodyAdmission implements Admission {
  readonly limit: number
  readonly proven: boolean
  readonly at: number
  readonly started: number
  held: number = 0
  readonly #large: Share
  readonly #rejection: WebhookError | undefined
  #share: Share
  #dropped: WebhookError | undefined
  #drop: ((error: WebhookError) => void) | undefined

  constructor(
    small: Share,
    large: Share,
    limit: number,
    proven: boolean,
    rejection: WebhookError | undefined,
    at: number,
    started: number,
  ) {
    this.#share = small
    this.#large = large
    this.limit = limit
    this.proven = proven
    this.#rejection = rejection
    this.at = at
    this.started = started
  }

  tooLarge(length?: number): WebhookError {
    return this.#rejection ?? tooLarge(this.limit, length)
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
