import { createHmac } from 'node:crypto'
import { safeEqual } from '@postern/core/scheme'
import type { InspectorRequest } from '../request.ts'
import { digest, digestEqual } from './digest.ts'

/** Sessions of those who gave the token, in a cookie that any process with the same token can read. */
export interface Sessions {
  /** True if the secret is the token. */
  isToken(secret: string): boolean
  /** True if the request has a cookie that was made from the token and has not ended. */
  has(request: InspectorRequest): boolean
  /** The `set-cookie` that begins a session, or ends it. */
  begin(request: InspectorRequest): string
  end(request: InspectorRequest): string
}

const LASTS = 12 * 3600

/**
 * Makes them. The cookie has no `Path`: the browser takes the folder of the document, which a process behind a proxy
 * does not know. It holds when it ends and an HMAC of that by the token, so no process has to remember it.
 */
export function createSessions(token: string, now: () => number = () => Date.now()): Sessions {
  // Two inspectors of one host have cookies of their own.
  const name = `postern_${digest(token).slice(0, 12)}`
  return {
    isToken: (secret) => digestEqual(secret, token),
    has(request) {
      const value = cookieOf(request, name)
      const [ends = '', given = ''] = value?.split('.') ?? []
      return /^\d{1,12}$/.test(ends) && Number(ends) * 1000 > now() && safeEqual(given, mac(ends))
    },
    begin(request) {
      const ends = String(Math.floor(now() / 1000) + LASTS)
      return cookie(request, `${ends}.${mac(ends)}`, LASTS)
    },
    end: (request) => cookie(request, '', 0),
  }

  function mac(ends: string): string {
    return createHmac('sha256', token).update(`postern inspector session ${ends}`).digest('hex')
  }

  function cookie(request: InspectorRequest, value: string, seconds: number): string {
    const secure = request.isEncrypted || request.header('x-forwarded-proto') === 'https'
    return `${name}=${value}; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
  }
}

function cookieOf({ header }: InspectorRequest, name: string): string | undefined {
  for (const part of (header('cookie') ?? '').split(';')) {
    const at = part.indexOf('=')
    if (part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}
