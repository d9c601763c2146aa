import type { Delivery } from '../delivery.ts'
import { toWebhookError, WebhookError } from '../errors.ts'
import type { HeaderLines } from '../basics/header-lines.ts'
import type { Limits } from '../limits.ts'
import type { Provider } from '../provider/provider.ts'
import { createBudget, type Account } from './budget.ts'

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
  /** True reads the body of a head that is rejected, so that `explain` can look at the whole: in development alone. */
  readonly lenient: boolean
}

// Greetings that come as an unsigned POST are a few fields.
const GREETING = 1024

/**
 * The first step of a delivery, on the head alone: receiver open, method, coding, declared length, headers that the scheme
 * needs, credentials that lie in the head. Throws the rejection if one of these fails.
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
          remedy: 'a coding is taken only if the provider declares it in codings',
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
