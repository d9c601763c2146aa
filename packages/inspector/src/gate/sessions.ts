import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { Inbox } from '@postern/core/inbox'
import { safeEqual } from '@postern/core/internal'
import type { InspectorRequest } from '../request.ts'

/** The sessions that people ended by signing out. All processes with this inbox share them. */
export interface SignedOut {
  /** Returns true if the session was ended. A sign-out in another process counts after at most ten seconds. */
  has(session: string): Promise<boolean>
  /** Ends a session that would have lasted until `ends`, in milliseconds since 1970. */
  add(session: string, ends: number): Promise<void>
}

const PREFIX = 'postern:inspector:signed-out:'
const FRESH = 10_000

/**
 * An ended session is stored as a record in the inbox until the session would have expired. If the inbox has no
 * records, only this process knows the ended sessions.
 */
export function createSignedOut(inbox: () => Promise<Inbox>, now: () => number): SignedOut {
  const here = new Map<string, number>()
  // Ended sessions that are not stored yet, since the inbox was down.
  const unsaved = new Set<string>()
  let looked = -Infinity
  let looking: Promise<void> | undefined
  return {
    async has(session) {
      if (!here.has(session) && Math.abs(now() - looked) >= FRESH)
        await (looking ??= look().finally(() => (looking = undefined)))
      return here.has(session)
    },
    async add(session, ends) {
      here.set(session, ends)
      unsaved.add(session)
      await save()
    },
  }

  async function look(): Promise<void> {
    looked = now()
    await save()
    try {
      const { records } = await inbox()
      for (const { key, value, version } of (await records?.list(PREFIX)) ?? []) {
        const ends = Number(value)
        if (ends > now()) here.set(key.slice(PREFIX.length), ends)
        else await records!.delete(key, version)
      }
    } catch {
      // The inbox is down: use only the ended sessions that this process knows.
    }
    for (const [session, ends] of here) if (ends <= now()) here.delete(session)
  }

  async function save(): Promise<void> {
    try {
      const { records } = await inbox()
      for (const session of unsaved) {
        await records?.set(PREFIX + session, here.get(session) ?? 0, 0)
        unsaved.delete(session)
      }
    } catch {
      // The inbox is down: the next call of `look` saves again.
    }
  }
}

/**
 * Sessions of visitors who entered the token. A session is a cookie that every process with the same token can check.
 */
interface Sessions {
  isToken(secret: string): boolean
  /** True if the request has a valid cookie of this mount whose session was not ended. */
  has(request: InspectorRequest, mount: string): Promise<boolean>
  /** Starts a session. Returns the `set-cookie` header. */
  begin(request: InspectorRequest, mount: string, path: string): string
  /** Ends the session of the request. Returns the `set-cookie` header that deletes the cookie. */
  end(request: InspectorRequest, mount: string, path: string): Promise<string>
}

const SECONDS = 12 * 3600
const COOKIE = /^(\d{1,12})\.([\da-f]{32})([\da-f]{64})$/

/**
 * A cookie contains its expiry, a random id, and an HMAC of both and of the mount path. The token is the key of the
 * HMAC. So no process stores sessions, and a restart signs nobody out. The cookie's name depends on the mount path, so
 * that two inspectors on one host have separate cookies.
 */
export function createSessions(
  token: string,
  signedOut: SignedOut,
  now: () => number = () => Date.now(),
): Sessions {
  return {
    isToken: (secret) => digestEqual(secret, token),
    async has(request, mount) {
      const session = sessionOf(request, mount)
      return session !== undefined && !(await signedOut.has(session.id))
    },
    begin(request, mount, path) {
      const ends = String(Math.floor(now() / 1000) + SECONDS)
      const id = randomBytes(16).toString('hex')
      return cookie(request, mount, path, `${ends}.${id}${mac(ends, id, mount)}`, SECONDS)
    },
    async end(request, mount, path) {
      const session = sessionOf(request, mount)
      if (session) await signedOut.add(session.id, session.ends)
      return cookie(request, mount, path, '', 0)
    },
  }

  /** Undefined if the cookie is forged or expired. */
  function sessionOf(
    request: InspectorRequest,
    mount: string,
  ): { readonly id: string; readonly ends: number } | undefined {
    const [, ends, id, given] = COOKIE.exec(cookieOf(request, nameOf(mount)) ?? '') ?? []
    if (ends === undefined || id === undefined || given === undefined) return undefined
    if (!safeEqual(given, mac(ends, id, mount)) || Number(ends) * 1000 <= now()) return undefined
    return { id, ends: Number(ends) * 1000 }
  }

  function nameOf(mount: string): string {
    return `postern_${digest(`${token}\n${mount}`).slice(0, 12)}`
  }

  function mac(ends: string, id: string, mount: string): string {
    const text = `postern inspector session ${ends} ${id} ${mount}`
    return createHmac('sha256', token).update(text).digest('hex')
  }

  function cookie(
    request: InspectorRequest,
    mount: string,
    path: string,
    value: string,
    seconds: number,
  ): string {
    const secure = request.isEncrypted || request.header('x-forwarded-proto') === 'https'
    return `${nameOf(mount)}=${value}; Max-Age=${seconds}; Path=${path}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
  }
}

function cookieOf({ header }: InspectorRequest, name: string): string | undefined {
  for (const part of (header('cookie') ?? '').split(';')) {
    const at = part.indexOf('=')
    if (part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Compares two secrets in constant time, whatever their lengths. */
export function digestEqual(one: string, other: string): boolean {
  return safeEqual(digest(one), digest(other))
}
