import { stringifyJson } from '@postern/core/internal'
import { RegistrarError } from '../errors.ts'
import type { ApiAnswer, ApiCall, ClientSpec, ApiRequest } from './client-types.ts'
import { checkApi, checkTimer } from './options.ts'
import { readAnswer } from './read.ts'
import { verdictOf } from './verdict.ts'

/** Times a request is sent at most. */
const ATTEMPTS = 5

/**
 * Makes the call that all methods of a registrar share. It waits as the sender asks (`Retry-After` with 429 and 5xx), at
 * most `patience` in all, then throws `rate_limited`. What may be sent twice is sent again after a failure of the network
 * or a 5xx. Redirects are rejected: the token would go to another host.
 */
export function createApiCall(spec: ClientSpec): ApiCall {
  const base = checkApi(spec.title, spec.api)
  const send = spec.fetch ?? globalThis.fetch
  const wait = spec.wait ?? defaultWait
  const timeout = checkTimer(spec.timeout ?? '10s', 'timeout')
  const patience = checkTimer(spec.patience ?? '1m', 'patience')

  return async (method, path, request = {}) => {
    const label = `${spec.title}: ${method} ${request.named ?? path}`
    const repeatable = request.repeatable ?? method !== 'POST'
    let left = patience
    for (let attempt = 1; ; attempt++) {
      const headers = await spec.headers()
      const answer = await once(method, path, request, headers, label)
      const verdict = verdictOf(spec, request, answer, { label, headers, attempt, repeatable })
      if (verdict === undefined) return answer as ApiAnswer
      const { error, pause } = verdict
      if (pause === undefined || attempt >= ATTEMPTS || pause > left) throw error
      left -= pause
      await wait(pause)
    }
  }

  /** One request: the answer, or the error in its place. */
  async function once(
    method: string,
    path: string,
    request: ApiRequest,
    auth: Readonly<Record<string, string>>,
    label: string,
  ): Promise<ApiAnswer | RegistrarError> {
    const url = urlOf(base, path, label)
    const own = (await spec.query?.()) ?? {}
    for (const [name, value] of Object.entries({ ...request.query, ...own }))
      for (const each of [value].flat())
        if (each !== undefined) url.searchParams.append(name, String(each))
    const { json, form } = request
    const body = form?.toString() ?? (json === undefined ? undefined : stringifyJson(json))
    const headers = {
      accept: 'application/json',
      'user-agent': 'postern-registrar',
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...auth,
      ...request.headers,
    }
    const signal = AbortSignal.timeout(timeout)
    try {
      const init = { method, headers, redirect: 'manual' as const, signal }
      return await readAnswer(await send(url, body === undefined ? init : { ...init, body }))
    } catch (error) {
      if (error instanceof RegistrarError) throw error
      // The cause is left out: errors of fetch name the URL, which holds a token at some senders.
      return new RegistrarError('unavailable', `${label}: ${networkReason(error, timeout)}`)
    }
  }
}

/** Ids are in paths: an id that would lead to another path is rejected. */
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
