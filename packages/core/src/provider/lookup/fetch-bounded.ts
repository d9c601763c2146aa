import { readBounded } from '../../body/read-bounded.ts'
import { errorText, WebhookError } from '../../errors.ts'

/** The part of `fetch` that is used here; any HTTP client can stand behind it. */
export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>

/** How keys and certificates are fetched. */
export interface FetchOptions {
  /** In place of the global `fetch`: a proxy, a test. @default globalThis.fetch */
  readonly fetch?: FetchFunction | undefined
  /** Milliseconds a fetch may take, its body included. @default 5000 */
  readonly timeout?: number | undefined
}

const LIMIT = 256 * 1024

/**
 * Fetches bytes from a URL: at most 256 KiB, within the time limit, without following redirects. Returns no bytes if
 * the status is the one given as `nothing`.
 *
 * @throws WebhookError `secret_unavailable` (503), so that the sender tries again.
 *
 * @example const pem = new TextDecoder().decode(await fetchBounded('https://acme.example/key.pem', {}))
 */
export async function fetchBounded(
  url: string,
  options: FetchOptions,
  init: RequestInit = {},
  nothing?: number,
): Promise<Uint8Array> {
  const { fetch = globalThis.fetch, timeout = 5000 } = options
  const signal = AbortSignal.timeout(timeout)
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal })
    if (response.status === nothing) {
      await response.body?.cancel()
      return new Uint8Array(0)
    }
    if (!response.ok) throw new Error(`status ${response.status}`)
    return await readBounded(response.body, LIMIT)
  } catch (cause) {
    const { host } = new URL(url)
    throw new WebhookError(
      'secret_unavailable',
      { problem: 'fetch_failed', got: host, text: errorText(cause) },
      { cause },
    )
  }
}

/** The time limit of an option, checked. */
export function checkFetchOptions(options: FetchOptions): void {
  const { fetch, timeout } = options
  if (fetch !== undefined && typeof fetch !== 'function')
    throw new TypeError('fetch must be a function such as globalThis.fetch')
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout > 0))
    throw new TypeError(`timeout must be milliseconds above 0, got ${String(timeout)}`)
}
