import type { Delivery, HeaderLines } from '../delivery.ts'
import { toWebhookError, WebhookError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import type { Provider } from '../provider/provider.ts'

/** The head of a request: all of it but the body. */
export interface Head {
  readonly method: string
  /** Absolute URL as the sender addressed it, as far as the host knows. */
  readonly url: string
  readonly headers: HeaderLines
}

/** Permission to read a body: how many bytes, and the account that counts them. */
export interface Admission extends Account {
  /** When the head was judged, in milliseconds since 1970 and on the monotonic clock. */
  readonly at: number
  readonly started: number
  /** Bytes of the body that may be read. */
  readonly limit: number
  /** The rejection of a body that is larger, with its length if the head declares one. */
  tooLarge(length?: number): WebhookError
}

/** The receiver as `admit` sees it. */
interface AdmitContext {
  readonly provider: Provider
  readonly limits: Limits
  readonly now: () => number
  readonly monotonic: () => number
  /** Throws if the receiver takes no deliveries now. */
  readonly ensureOpen: () => void
  /** True reads the body of a head that is rejected, so that `explain` can look at the whole: only in development. */
  readonly lenient: boolean
}

// Greetings that come as an unsigned POST are a few fields.
const GREETING = 1024

/**
 * The first step of a delivery, only on the head: receiver open, method, coding, declared length, headers that the scheme
 * needs, credentials that are in the head. Throws the rejection if one of these fails.
 */
export function createAdmit(context: AdmitContext): (head: Delivery) => Admission {
  const { provider, limits, now, monotonic } = context
  const methods = provider.methods ?? ['POST']
  const codings = Object.keys(provider.codings ?? {})
  const budget = createBudget(limits.totalBuffered, monotonic)
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
    const proven = rejection === undefined && provider.proves === true
    if (rejection === undefined) return grant(limits.body, undefined, proven)
    if (!mayGreet(head.method) || declared > GREETING) throw rejection
    return grant(GREETING, rejection, false)
  }

  // Schemes that sign the URL would throw, as for the target `http://[`.
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

  function grant(limit: number, rejection: WebhookError | undefined, proven: boolean): Admission {
    const started = monotonic()
    return new BodyAdmission(budget.open(started, proven), limit, rejection, now(), started)
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

  /** Greetings by another method than POST have no body to speak of; those by POST must be announced. */
  function mayGreet(method: string): boolean {
    return provider.greet !== undefined && (method !== 'POST' || provider.greets === 'body')
  }
}

// A class, since one is made for each request.
class BodyAdmission implements Admission {
  readonly limit: number
  readonly at: number
  readonly started: number
  readonly #account: Account
  readonly #rejection: WebhookError | undefined

  constructor(
    account: Account,
    limit: number,
    rejection: WebhookError | undefined,
    at: number,
    started: number,
  ) {
    this.at = at
    this.started = started
    this.#account = account
    this.limit = limit
    this.#rejection = rejection
  }

  take(bytes: number): void {
    this.#account.take(bytes)
  }

  onDrop(drop: (error: WebhookError) => void): void {
    this.#account.onDrop(drop)
  }

  complete(): void {
    this.#account.complete()
  }

  release(): void {
    this.#account.release()
  }

  tooLarge(length?: number): WebhookError {
    return this.#rejection ?? tooLarge(this.limit, length)
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
interface Account {
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
  /** Reserves bytes for an account. Throws if too few are free. */
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
