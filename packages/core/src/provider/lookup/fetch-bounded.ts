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

/**
 * As {@link fetchBounded}, for a URL that a stranger may have named. One of `hosts`, exactly, is fetched as usual. Any other
 * goes through the address guard: only ports 80 and 443 of the public internet are connected to. Where there are no
 * sockets, and so no guard, nothing but `hosts` is fetched.
 *
 * @returns undefined if the URL must not be fetched.
 *
 * @example const issuer = await fetchNamed(url, options, ['cacerts.digicert.com'])
 */
export async function fetchNamed(
  url: string,
  options: FetchOptions,
  hosts: readonly string[],
): Promise<Uint8Array | undefined> {
  if (!URL.canParse(url)) return undefined
  const { hostname, protocol, port, username, password } = new URL(url)
  const isWeb = protocol === 'https:' || protocol === 'http:'
  if (isWeb && port === '' && username === '' && password === '' && hosts.includes(hostname))
    return fetchBounded(url, options)
  if (!hasSockets()) return undefined
  try {
    const { guardedFetch, strangersGuard } = await import('../../guard/guarded-fetch.ts')
    const guard = strangersGuard()
    guard.url(url)
    return await fetchBounded(url, { fetch: guardedFetch(guard), ...options })
  } catch (error) {
    if (isRefused(error) || (error instanceof Error && isRefused(error.cause))) return undefined
    throw error
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && error.name === 'DestinationRefused'
}

function hasSockets(): boolean {
  const { process, navigator } = globalThis as {
    readonly process?: { readonly getBuiltinModule?: unknown }
    readonly navigator?: { readonly userAgent?: string }
  }
  return process?.getBuiltinModule !== undefined && navigator?.userAgent !== 'Cloudflare-Workers'
}

/** The time limit of an option, checked. */
export function checkFetchOptions(options: FetchOptions): void {
  const { fetch, timeout } = options
  if (fetch !== undefined && typeof fetch !== 'function')
    throw new TypeError('fetch must be a function such as globalThis.fetch')
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout > 0))
    throw new TypeError(`timeout must be milliseconds above 0, got ${String(timeout)}`)
}
