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

/** Permission to read a body. Also counts the bytes that were read. */
export interface Admission {
  /**
   * When the head (method, URL and headers) was checked: `at` is in milliseconds since 1970, `started` in milliseconds
   * of the monotonic clock.
   */
  readonly at: number
  readonly started: number
  /** Maximum size of the body, in bytes. */
  readonly limit: number
  /** Returns the error for a body beyond `limit`. `length` is the known size of the body, in bytes. */
  tooLarge(length?: number): WebhookError
  /**
   * Counts bytes that arrived. If the budget for all bodies (`limits.totalBuffered`) is used up, bodies that arrive
   * more slowly than this body are dropped, the slowest first. Bodies whose headers already proved the sender are
   * dropped last.
   *
   * @throws {WebhookError} `overloaded` (503) if dropping slower bodies does not free enough bytes.
   */
  take(bytes: number): void
  /** Sets the function that is called if this body is dropped while it is being read. */
  onDrop(drop: (error: WebhookError) => void): void
  complete(): void
  /** Gives the counted bytes back to the budget. A second call does nothing. */
  release(): void
}

interface AdmitContext {
  readonly provider: Provider
  readonly limits: Limits
  readonly now: () => number
  readonly monotonic: () => number
  /** If true, the body is read even if the head is rejected, so that `explain` sees the complete request. */
  readonly lenient: boolean
  /** Throws if the receiver currently accepts no deliveries. */
  readonly ensureOpen: () => void
}

// Maximum size of the body of an unsigned challenge, in bytes. A challenge has only a few fields.
const GREETING = 1024

/**
 * Creates the function for the first step of a delivery: all checks that need only method, URL and headers. The
 * function throws a `WebhookError` to reject.
 */
export function createAdmit(context: AdmitContext): (head: Delivery) => Admission {
  const { provider, limits, now, monotonic } = context
  const methods = provider.methods ?? ['POST']
  const gzip = provider.codings?.gzip !== undefined
  const open = createBudget(limits.totalBuffered, monotonic)
  // The last valid origin is cached, since origins repeat, and parsing a URL costs as much as reading a small body.
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

  // Rejects invalid URLs, since schemes that sign the URL would throw for targets such as `http://[`.
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
    if (gzip && (coding === 'gzip' || coding === 'x-gzip')) return
    throw new WebhookError(
      'unsupported_encoding',
      {
        problem: 'wrong_coding',
        header: 'content-encoding',
        expected: gzip ? 'gzip' : 'absent',
        ...(!gzip && {
          remedy: 'only codings that the provider declares in codings are accepted',
        }),
      },
      { headers: { 'accept-encoding': gzip ? 'gzip' : 'identity' } },
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

  /**
   * Returns true if the request may be an unsigned challenge. A POST may be one only if `provider.greets` is `body`.
   */
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

// Maximum size of a small body, in bytes. Small bodies have a separate share of the budget.
const SMALL = 64 * 1024
const SHARE = 0.25
// Minimum fraction of a share to free at once. Otherwise each chunk of a body could cause a new search for slower
// bodies.
const FREED = 1 / 16
// A body is dropped if another body needs its bytes and arrives more than this many times faster. Bodies of a burst
// arrive at nearly the same pace, so without this margin, nearly complete bodies would be dropped.
const MARGIN = 2

/** Creates the admission of one request. `proven` is true if the headers proved the sender. */
type Open = (
  limit: number,
  proven: boolean,
  rejection: WebhookError | undefined,
  at: number,
  started: number,
) => BodyAdmission

/**
 * Creates a budget of `total` bytes for the bodies of all requests that have no reply yet. A quarter of the budget is
 * reserved for small bodies, up to 64 KiB, so that large bodies cannot use it up. A body counts as small until more
 * bytes arrive.
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

  /**
   * Drops bodies that arrive more slowly than the body that asks for room, the slowest first. A proven body also
   * displaces all unproven bodies.
   */
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

// This is a class for speed, since one instance is made per request.
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
