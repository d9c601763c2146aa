import { parseJson, parseRetryAfter, stringifyJson } from '@postern/core'
import { RegistrarError, type RegistrarErrorCode } from '../errors.ts'
import type { ApiOptions } from './options.ts'
import { readText } from './read-text.ts'

/** How one sender's API is called. */
export interface ClientSpec extends ApiOptions {
  /** The provider's title, for messages. */
  readonly title: string
  readonly api: string
  /** Headers of each request: the token's, and what the sender wants beside it. */
  headers(): Promise<Readonly<Record<string, string>>>
  /** Takes secrets out of a text before it becomes part of a message; for APIs with a token in the path. */
  readonly secrets?: () => readonly string[]
  /** Milliseconds to wait before the request is sent again, for senders with rules of their own. */
  readonly wait429?: (answer: Answer) => number | undefined
  /** Reads what the sender says of an error. @default the `message` or `error` members of its JSON */
  readonly explain?: (body: unknown) => string | undefined
}

/** One request. */
export interface Request {
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly json?: unknown
  readonly form?: URLSearchParams
  readonly headers?: Readonly<Record<string, string>>
  /** Whether it may be sent twice. @default true for GET, PUT and DELETE */
  readonly repeatable?: boolean
  /** Statuses beside 2xx that are an answer and no error. */
  readonly allow?: readonly number[]
  /** Secrets of the body: what the sender repeats of them stays out of messages. */
  readonly secrets?: readonly string[]
  /** What messages call the path, where it holds a secret. */
  readonly named?: string
}

/** What the sender answered. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** The body as it came. */
  readonly text: string
  /** The body's JSON, or undefined where it is none. */
  readonly json: unknown
}

/** Calls a sender's API. */
export type Call = (method: string, path: string, request?: Request) => Promise<Answer>

/** Times a request is sent at most. */
const ATTEMPTS = 5
const STATUS: Readonly<Record<number, RegistrarErrorCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  429: 'rate_limited',
}

/**
 * Makes the call that all methods of a registrar share. It waits as the sender asks (`Retry-After` with 429 and 503), at
 * most `patience` in all, then throws `rate_limited`. What may be sent twice is sent again after a failure of the network
 * or a 5xx. Redirects are refused: the token would go to another host.
 */
export function createClient(spec: ClientSpec): Call {
  const base = checkApi(spec)
  const send = spec.fetch ?? globalThis.fetch
  const wait = spec.wait ?? defaultWait
  const timeout = amount(spec.timeout ?? 10_000, 'timeout')
  const patience = amount(spec.patience ?? 60_000, 'patience')

  return async (method, path, request = {}) => {
    const label = `${spec.title}: ${method} ${request.named ?? path}`
    const repeatable = request.repeatable ?? method !== 'POST'
    let left = patience
    for (let attempt = 1; ; attempt++) {
      const headers = await spec.headers()
      const answer = await once(method, path, request, headers, label)
      if (!(answer instanceof RegistrarError) && isAnswer(answer, request.allow)) return answer
      const failed = answer instanceof RegistrarError
      const pause = failed
        ? repeatable
          ? backoff(attempt)
          : undefined
        : pauseOf(answer, attempt, repeatable)
      if (pause === undefined || attempt >= ATTEMPTS || pause > left)
        throw failed
          ? answer
          : refused(label, answer, pause, [...valuesOf(headers), ...(request.secrets ?? [])])
      left -= pause
      await wait(pause)
    }
  }

  /** One request: the answer, or why there is none. */
  async function once(
    method: string,
    path: string,
    request: Request,
    own: Readonly<Record<string, string>>,
    label: string,
  ): Promise<Answer | RegistrarError> {
    const url = new URL(base + path)
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value))
    const body =
      request.form?.toString() ??
      (request.json === undefined ? undefined : stringifyJson(request.json))
    const headers = {
      accept: 'application/json',
      'user-agent': 'postern-registrar',
      ...(request.json !== undefined && { 'content-type': 'application/json' }),
      ...(request.form && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...own,
      ...request.headers,
    }
    const signal = AbortSignal.timeout(timeout)
    try {
      const init = { method, headers, redirect: 'manual' as const, signal }
      const response = await send(url, body === undefined ? init : { ...init, body })
      const text = await readText(response)
      return { status: response.status, headers: response.headers, text, json: parse(text) }
    } catch (error) {
      if (error instanceof RegistrarError) throw error
      // The cause is left out: errors of fetch name the URL, which holds a token at some senders.
      return new RegistrarError('unavailable', `${label}: ${networkReason(error, timeout)}`)
    }
  }

  function pauseOf(answer: Answer, attempt: number, repeatable: boolean): number | undefined {
    const asked = parseRetryAfter(answer.headers.get('retry-after') ?? undefined, Date.now())
    const own = spec.wait429?.(answer)
    if (own !== undefined) return own
    if (answer.status === 429) return asked ?? backoff(attempt)
    if (answer.status >= 500 && repeatable) return asked ?? backoff(attempt)
    return undefined
  }

  function refused(
    label: string,
    answer: Answer,
    retryAfter: number | undefined,
    secrets: readonly string[],
  ): RegistrarError {
    const { status } = answer
    const code =
      retryAfter !== undefined && status < 500
        ? 'rate_limited'
        : (STATUS[status] ??
          (status >= 500 ? 'unavailable' : status >= 400 ? 'invalid' : 'unexpected'))
    const said = (spec.explain ?? explain)(answer.json)
    const reason = said === undefined ? '' : `: ${hide(said, secrets).slice(0, 500)}`
    return new RegistrarError(code, `${label} answered ${status}${reason}`, {
      status,
      ...(retryAfter !== undefined && { retryAfter }),
    })
  }

  function hide(text: string, secrets: readonly string[]): string {
    const all = [...secrets, ...(spec.secrets?.() ?? [])].filter((secret) => secret !== '')
    return all.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
  }
}

/** Values of headers, and of each their last word: a sender may repeat a token without its `Bearer`. */
function valuesOf(headers: Readonly<Record<string, string>>): readonly string[] {
  const long = Object.values(headers).flatMap((value) => [
    value,
    value.slice(value.lastIndexOf(' ') + 1),
  ])
  return long.filter((value) => value.length >= 8)
}

function isAnswer(answer: Answer, allow: readonly number[] = []): boolean {
  return (answer.status >= 200 && answer.status < 300) || allow.includes(answer.status)
}

function checkApi({ title, api }: ClientSpec): string {
  const url = URL.canParse(api) ? new URL(api) : undefined
  const local = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(url?.hostname ?? '')
  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && local))
    throw new TypeError(`${title}: api: must be an https URL, since the token goes there`)
  return api.replace(/\/+$/, '')
}

function amount(value: number, option: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value < 2 ** 31))
    throw new TypeError(
      `${option}: must be milliseconds from 0 to 2147483647, got ${String(value)}`,
    )
  return value
}

function backoff(attempt: number): number {
  return 500 * 2 ** (attempt - 1)
}

function defaultWait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

function networkReason(error: unknown, timeout: number): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string } }
  if (name === 'TimeoutError') return `no answer within ${timeout} ms`
  return `the sender was not reached (${cause?.code ?? name ?? 'unknown'})`
}

function parse(text: string): unknown {
  try {
    // Ids of GitHub and others are 64-bit integers.
    return parseJson(text, { depth: 200, exact: true })
  } catch {
    return undefined
  }
}

function explain(body: unknown): string | undefined {
  const { message, error, detail } = (body ?? {}) as Readonly<Record<string, unknown>>
  const found = message ?? detail ?? (error as { message?: unknown } | undefined)?.message ?? error
  return typeof found === 'string' ? found : undefined
}
