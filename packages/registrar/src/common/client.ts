import { parseJson, parseRetryAfter, readBounded, stringifyJson } from '@postern/core/internal'
import { RegistrarError, type RegistrarErrorCode } from '../errors.ts'
import {
  checkApi,
  checkOptions,
  checkTimer,
  OPTIONS,
  tokenOf,
  type ApiOptions,
  type MakerName,
  type Token,
} from './options.ts'

interface SenderClient {
  /** The provider's title, for messages. */
  readonly title: string
  /** Base URL of the API, unless the option `api` is given. */
  readonly api: string
  /** Returns the headers with the token. @default `Authorization: Bearer <token>` */
  readonly headers?: (token: string) => Readonly<Record<string, string>>
  /** Returns the query parameters with the token. @default none */
  readonly query?: (token: string) => Readonly<Record<string, string>>
  /**
   * Returns the start of each path, for an API with the token in the path. Error messages leave the start out. @default
   * ''
   */
  readonly prefix?: (token: string) => string
  /** Returns the milliseconds to wait, or undefined, for a sender that does not use `Retry-After`. */
  readonly wait429?: (answer: ApiAnswer) => number | undefined
  /** Returns the error in a 2xx answer, for a sender that reports errors in this way. */
  readonly judge?: (answer: ApiAnswer) => ApiFault | undefined
  /** Returns the sender's message in the body of an error. @default the member `message`, `detail` or `error` */
  readonly explain?: (body: unknown) => string | undefined
}

export interface ApiFault {
  readonly code: RegistrarErrorCode
  readonly reason?: string
  /** Time to wait before a retry, in milliseconds. Undefined if a retry would not help. */
  readonly wait?: number
}

export interface ApiRequest {
  /** A list becomes one parameter per value. */
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>
  readonly json?: unknown
  readonly form?: URLSearchParams
  readonly headers?: Readonly<Record<string, string>>
  /** True if the request may be sent twice. @default true for GET, PUT and DELETE */
  readonly repeatable?: boolean
  /** Statuses that do not count as errors, in addition to 2xx. */
  readonly allow?: readonly number[]
  /** Secrets in the body. A sender may repeat a secret in its answer, and error messages must not contain secrets. */
  readonly secrets?: readonly string[]
}

export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Undefined if the body is not JSON. */
  readonly json: unknown
}

export type ApiCall = (method: string, path: string, request?: ApiRequest) => Promise<ApiAnswer>

const ATTEMPTS = 5

/**
 * Checks the options of a registrar or a source, and creates the function that calls the sender's API with the token.
 * After a 429, and for repeatable requests after a 5xx or a network failure, the function waits (`Retry-After`) and
 * tries again. The function throws `rate_limited` or `unavailable` if the waits would exceed `patience` in total.
 * Redirects are rejected, because they would send the token to another host.
 *
 * @throws TypeError for an unknown, missing or wrong option.
 */
export function senderCall(name: MakerName, options: ApiOptions, sender: SenderClient): ApiCall {
  checkOptions(name, options)
  const [option] = OPTIONS[name].tokens
  const token = tokenOf(`${name}: ${option}`, (options as Record<string, unknown>)[option] as Token)
  const base = checkApi(sender.title, options.api ?? sender.api)
  const { fetch: send = globalThis.fetch, wait = defaultWait } = options
  const { headers: headersOf = bearer } = sender
  const timeout = checkTimer(options.timeout ?? '10s', 'timeout')
  const patience = checkTimer(options.patience ?? '1m', 'patience')

  return async (method, path, request = {}) => {
    const label = `${sender.title}: ${method} ${path}`
    const repeatable = request.repeatable ?? method !== 'POST'
    let left = patience
    for (let attempt = 1; ; attempt++) {
      const value = await token()
      const answer = await once(method, path, request, value, label)
      const secrets = [...valuesOf(headersOf(value)), ...(request.secrets ?? []), ...token.seen()]
      const verdict = verdictOf(sender, request, answer, { label, secrets, attempt, repeatable })
      if (verdict === undefined) return answer as ApiAnswer
      const { error, pause } = verdict
      if (pause === undefined || attempt >= ATTEMPTS || pause > left) throw error
      left -= pause
      await wait(pause)
    }
  }

  /** Sends the request once. If no answer comes, returns an error instead of throwing. */
  async function once(
    method: string,
    path: string,
    request: ApiRequest,
    value: string,
    label: string,
  ): Promise<ApiAnswer | RegistrarError> {
    const url = urlOf(base, (sender.prefix?.(value) ?? '') + path, label)
    for (const [key, given] of Object.entries({ ...request.query, ...sender.query?.(value) }))
      for (const each of [given].flat())
        if (each !== undefined) url.searchParams.append(key, String(each))
    const { json, form } = request
    const body = form?.toString() ?? (json === undefined ? undefined : stringifyJson(json))
    const headers = {
      accept: 'application/json',
      'user-agent': 'postern-registrar',
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...headersOf(value),
      ...request.headers,
    }
    const signal = AbortSignal.timeout(timeout)
    try {
      const init = { method, headers, redirect: 'manual' as const, signal }
      return await readAnswer(await send(url, body === undefined ? init : { ...init, body }))
    } catch (error) {
      if (error instanceof RegistrarError) throw error
      // The error from fetch names the URL, which may contain a token. So this error is not the `cause`.
      return new RegistrarError('unavailable', `${label}: ${networkReason(error, timeout)}`)
    }
  }
}

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` }
}

/** Returns the URL of a path. Throws `invalid` for an id in `path` that changes the path, such as `..`. */
function urlOf(base: string, path: string, label: string): URL {
  const url = new URL(base + path)
  const plain = new URL(base).pathname.replace(/\/$/, '') + path
  if (url.pathname === plain && url.search === '' && url.hash === '') return url
  throw new RegistrarError('invalid', `${label}: the path must hold plain ids`)
}

function defaultWait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

function networkReason(error: unknown, timeout: number): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string } }
  if (name === 'TimeoutError') return `no answer within ${timeout} ms`
  return `the sender was not reached (${cause?.code ?? name ?? 'unknown'})`
}

/** Maximum size of an answer, in bytes. GitHub's payloads are up to 25 MiB. */
const MOST = 32 * 1024 * 1024

/** Reads an answer. Throws `unexpected` for a body above the maximum, since a wrong host could fill the memory. */
async function readAnswer(response: Response): Promise<ApiAnswer> {
  const tooLarge = (): Error =>
    new RegistrarError('unexpected', `the answer is larger than ${MOST} bytes`)
  const text = new TextDecoder().decode(await readBounded(response.body, MOST, tooLarge))
  return { status: response.status, headers: response.headers, text, json: parse(text) }
}

function parse(text: string): unknown {
  try {
    // Some senders, such as GitHub, use 64-bit integers as ids, so integers stay exact.
    return parseJson(text, { depth: 200, exact: true })
  } catch {
    return undefined
  }
}

interface Sent {
  readonly label: string
  readonly secrets: readonly string[]
  /** Number of the attempt. The first is 1. */
  readonly attempt: number
  readonly repeatable: boolean
}

const CODES: Readonly<Record<number, RegistrarErrorCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  429: 'rate_limited',
}

/**
 * Returns the error of an answer; undefined for a successful answer. `pause` is the wait before a retry, in
 * milliseconds; it is missing if no retry may follow.
 */
function verdictOf(
  sender: SenderClient,
  request: ApiRequest,
  answer: ApiAnswer | RegistrarError,
  sent: Sent,
): { readonly error: RegistrarError; readonly pause?: number } | undefined {
  if (answer instanceof RegistrarError)
    return { error: answer, ...(sent.repeatable && { pause: backoff(sent.attempt) }) }
  const { status } = answer
  const fine = (status >= 200 && status < 300) || request.allow?.includes(status) === true
  const judged = sender.judge?.(answer)
  if (fine && judged === undefined) return undefined
  const pause = judged === undefined ? pauseOf(sender, answer, sent) : judged.wait
  const code =
    judged?.code ?? (pause !== undefined && status < 500 ? 'rate_limited' : codeOf(status))
  const said = judged === undefined ? (sender.explain ?? explain)(answer.json) : judged.reason
  const reason = said === undefined ? '' : `: ${hide(said, sent.secrets).slice(0, 500)}`
  const error = new RegistrarError(code, `${sent.label} answered ${status}${reason}`, {
    status,
    ...(pause !== undefined && { retryAfter: pause }),
  })
  return { error, ...(pause !== undefined && { pause }) }
}

function pauseOf(
  sender: SenderClient,
  answer: ApiAnswer,
  { attempt, repeatable }: Sent,
): number | undefined {
  const own = sender.wait429?.(answer)
  if (own !== undefined) return own
  if (answer.status !== 429 && !(answer.status >= 500 && repeatable)) return undefined
  return (
    parseRetryAfter(answer.headers.get('retry-after') ?? undefined, Date.now()) ?? backoff(attempt)
  )
}

function codeOf(status: number): RegistrarErrorCode {
  return CODES[status] ?? (status >= 500 ? 'unavailable' : status >= 400 ? 'invalid' : 'unexpected')
}

function backoff(attempt: number): number {
  return 500 * 2 ** (attempt - 1)
}

function explain(body: unknown): string | undefined {
  const { message, error, detail } = (body ?? {}) as Readonly<Record<string, unknown>>
  const found = message ?? detail ?? (error as { message?: unknown } | undefined)?.message ?? error
  return typeof found === 'string' ? found : undefined
}

function hide(text: string, secrets: readonly string[]): string {
  const long = secrets.filter((secret) => secret.length >= 8)
  return long.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
}

/**
 * Returns each header value, and its last word: the token without `Bearer`. An error message may repeat either text.
 */
function valuesOf(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.values(headers).flatMap((value) => [value, value.slice(value.lastIndexOf(' ') + 1)])
}
