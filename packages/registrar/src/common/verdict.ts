import { parseRetryAfter } from '@postern/core/internal'
import { RegistrarError, type RegistrarErrorCode } from '../errors.ts'
import type { ApiAnswer, ClientSpec, ApiRequest } from './client-types.ts'

/** What a request was, for messages and for sending it again. */
interface CallTried {
  readonly label: string
  readonly headers: Readonly<Record<string, string>>
  /** 1 for the first. */
  readonly attempt: number
  readonly repeatable: boolean
}

const CODES: Readonly<Record<number, RegistrarErrorCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  429: 'rate_limited',
}

/** Why an answer is an error, and the milliseconds after which the request may be sent again; undefined: the answer is not an error. */
export function verdictOf(
  spec: ClientSpec,
  request: ApiRequest,
  answer: ApiAnswer | RegistrarError,
  attempt: CallTried,
): { readonly error: RegistrarError; readonly pause?: number } | undefined {
  if (answer instanceof RegistrarError)
    return { error: answer, ...(attempt.repeatable && { pause: backoff(attempt.attempt) }) }
  const { status } = answer
  const fine = (status >= 200 && status < 300) || request.allow?.includes(status) === true
  const judged = spec.judge?.(answer)
  if (fine && judged === undefined) return undefined
  const pause = judged === undefined ? pauseOf(spec, answer, attempt) : judged.wait
  const code =
    judged?.code ?? (pause !== undefined && status < 500 ? 'rate_limited' : codeOf(status))
  const said = judged === undefined ? (spec.explain ?? explain)(answer.json) : judged.reason
  const secrets = [
    ...valuesOf(attempt.headers),
    ...(request.secrets ?? []),
    ...(spec.secrets?.() ?? []),
  ]
  const reason = said === undefined ? '' : `: ${hide(said, secrets).slice(0, 500)}`
  const wait = pause === undefined ? {} : { retryAfter: pause }
  const error = new RegistrarError(code, `${attempt.label} answered ${status}${reason}`, {
    status,
    ...wait,
  })
  return { error, ...(pause !== undefined && { pause }) }
}

function pauseOf(
  spec: ClientSpec,
  answer: ApiAnswer,
  { attempt, repeatable }: CallTried,
): number | undefined {
  const own = spec.wait429?.(answer)
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

/** Values of headers, and of each its last word: a sender may repeat a token without its `Bearer`. */
function valuesOf(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.values(headers).flatMap((value) => [value, value.slice(value.lastIndexOf(' ') + 1)])
}
