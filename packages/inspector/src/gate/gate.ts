import type { InspectorReply, InspectorRequest } from '../request.ts'
import type { Place } from '../page-place.ts'
import { isPage, problem } from '../replies.ts'
import { createAttempts } from './attempts.ts'
import { checkGrant, type Auth, type BasicAuth, type Grant, type TokenAuth } from './auth.ts'
import { isDeveloper } from './dev.ts'
import { createSessions } from './session.ts'
import { signInPage } from './sign-in.ts'
import { digestEqual } from './digest.ts'

/** Somebody who may come in. */
export interface Visitor extends Grant {
  readonly payloads: boolean
  /** True with `dev: true`. */
  readonly isDeveloper: boolean
  /** True if there is a session to end. */
  readonly canSignOut: boolean
}

/** Lets a request in, or answers it; `answered` if `auth` did that by itself. */
export type Gate<Own extends readonly unknown[]> = (
  request: InspectorRequest<Own>,
  place: Place,
) => Promise<{ readonly visitor: Visitor } | InspectorReply | Response | 'answered'>

/** Makes the gate of the options. What a function of the app throws goes through, since frameworks redirect by throwing. */
export function createGate<Own extends readonly unknown[]>(auth: Auth<Own> | undefined): Gate<Own> {
  if (auth === undefined) return forDevelopers()
  if (typeof auth === 'function') return byFunction(auth)
  return 'basic' in auth ? byPassword(auth) : byToken(auth)
}

function forDevelopers(): Gate<readonly unknown[]> {
  return async (request) => {
    if (!isDeveloper(request))
      return problem(
        403,
        'not_local',
        'dev: true answers only this machine: open it as localhost and without a proxy, or give auth',
      )
    return { visitor: visitorOf({ allow: 'all', as: 'developer' }, { isDeveloper: true }) }
  }
}

function byFunction<Own extends readonly unknown[]>(
  auth: Extract<Auth<Own>, (...own: Own) => unknown>,
): Gate<Own> {
  return async (request) => {
    const given = await auth(...request.own)
    if (request.isAnswered()) return 'answered'
    if (!given) return problem(401, 'sign_in', 'sign in to the app first')
    // A Response, of this realm or another, or a reply.
    if ('status' in given) return given
    return { visitor: visitorOf(checkGrant(given)) }
  }
}

function byPassword({ basic, ...grant }: BasicAuth): Gate<readonly unknown[]> {
  const attempts = createAttempts()
  return async (request) => {
    const [, encoded] =
      /^basic\s+([\w+/=-]+)\s*$/i.exec(request.header('authorization') ?? '') ?? []
    if (encoded === undefined) return challenge('sign in')
    const wait = attempts.wait(request.peer ?? '')
    if (wait > 0) return tooOften(wait)
    const text = Buffer.from(encoded, 'base64').toString('utf8')
    const colon = text.indexOf(':')
    const name = text.slice(0, colon)
    // Unknown names are compared too: the time tells nobody which names there are.
    const known = Object.hasOwn(basic, name)
    const right = digestEqual(text.slice(colon + 1), known ? basic[name]! : '')
    if (known && right && colon > 0)
      return { visitor: visitorOf({ allow: 'all', ...grant, as: name }) }
    attempts.failed(request.peer ?? '')
    return challenge('name or password is wrong')
  }
}

function byToken({ token, ...grant }: TokenAuth): Gate<readonly unknown[]> {
  const sessions = createSessions(token)
  const attempts = createAttempts()
  const visitor = visitorOf({ allow: 'all', ...grant }, { canSignOut: true })
  return async (request, place) => {
    const isDocument = place.route === ''
    const posts = isDocument && request.method === 'POST'
    if (sessions.has(request)) {
      if (!posts) return { visitor }
      const { signOut, token: again } = await fieldsOf(request)
      if (signOut) return reload(place, sessions.end(request))
      return typeof again === 'string' && sessions.isToken(again)
        ? reload(place, sessions.begin(request))
        : signInPage(401, 'This is not the token.')
    }
    const [, bearer] = /^bearer +(.+)$/i.exec(request.header('authorization') ?? '') ?? []
    const given = bearer ?? (posts ? (await fieldsOf(request)).token : undefined)
    if (typeof given !== 'string')
      return isPage(request, isDocument) ? signInPage(401) : problem(401, 'sign_in', 'sign in')
    const wait = attempts.wait(request.peer ?? '')
    if (wait > 0) return tooOften(wait)
    if (sessions.isToken(given))
      return bearer === undefined ? reload(place, sessions.begin(request)) : { visitor }
    attempts.failed(request.peer ?? '')
    return isDocument
      ? signInPage(401, 'This is not the token.')
      : problem(401, 'sign_in', 'sign in')
  }
}

// A sign-in is small, and strangers send it.
const MOST_BYTES = 4096

/** The fields of a form, or of JSON; none if the body cannot be read. */
async function fieldsOf(request: InspectorRequest): Promise<Readonly<Record<string, unknown>>> {
  const body = await request.body(MOST_BYTES).catch(() => undefined)
  if (typeof body === 'object' && body !== null) return body as Readonly<Record<string, unknown>>
  if (typeof body !== 'string') return {}
  if (!body.trimStart().startsWith('{')) return Object.fromEntries(new URLSearchParams(body))
  try {
    return JSON.parse(body) as Readonly<Record<string, unknown>>
  } catch {
    return {}
  }
}

/** The document again, by GET and with its query, so that a link leads on after signing in. */
function reload({ self, query }: Place, cookie: string): InspectorReply {
  return {
    status: 303,
    headers: { location: query.size === 0 ? self : `${self}?${query}`, 'set-cookie': cookie },
    body: '',
  }
}

function challenge(message: string): InspectorReply {
  const reply = problem(401, 'sign_in', message)
  return {
    ...reply,
    headers: { ...reply.headers, 'www-authenticate': 'Basic realm="postern", charset="UTF-8"' },
  }
}

function tooOften(seconds: number): InspectorReply {
  return problem(429, 'too_often', `wrong too often; try again in ${seconds} s`, seconds)
}

function visitorOf(
  grant: Grant,
  more: { readonly isDeveloper?: boolean; readonly canSignOut?: boolean } = {},
): Visitor {
  return { payloads: true, isDeveloper: false, canSignOut: false, ...grant, ...more }
}
