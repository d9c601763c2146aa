import type { Inbox } from '@postern/core/inbox'
import type { InspectorOptions } from '../options.ts'
import type { InspectorReply, InspectorRequest } from '../request.ts'
import type { PagePlace } from '../page-place.ts'
import { isPage, problemReply } from '../replies.ts'
import { createWrongCredentials } from './attempts.ts'
import { checkGrant, type Auth, type BasicAuth, type Grant, type TokenAuth } from './auth-option.ts'
import { devKey } from './dev-key.ts'
import { createSessions, createSignedOut, digestEqual, type SignedOut } from './sessions.ts'
import { logger } from '@postern/core'
import { createHash } from 'node:crypto'
import { policy } from '../policy.ts'

export interface Visitor extends Grant {
  readonly payloads: boolean
  readonly isDeveloper: boolean
  /** True if visitors sign in with a token, and so can sign out. */
  readonly canSignOut: boolean
}

/**
 * Returns the visitor if the request may enter, else the reply to send. Returns `answered` if `auth` has already
 * replied.
 */
type EntryGate<Own extends readonly unknown[]> = (
  request: InspectorRequest<Own>,
  place: PagePlace,
) => Promise<{ readonly visitor: Visitor } | InspectorReply | Response | 'answered'>

/**
 * Makes the gate for the options `auth` and `dev`. If the app's `auth` function throws, the gate rejects with that
 * error, since some frameworks redirect by throwing.
 */
export function createEntryGate<Own extends readonly unknown[]>(
  options: InspectorOptions<Own>,
  inbox: () => Promise<Inbox>,
): EntryGate<Own> {
  const { auth } = options
  const signedOut = createSignedOut(inbox, () => Date.now())
  if (auth === undefined) {
    const key = devKey()
    const told = createTold(key, options)
    const gate = byToken({ token: key, as: 'developer' }, signedOut, DEVELOPER)
    return async (request, place) => {
      if (place.route === '') told(request, place.mount)
      return gate(request, place)
    }
  }
  if (typeof auth === 'function') return byFunction(auth)
  return 'basic' in auth ? byPassword(auth) : byToken(auth, signedOut, TOKEN)
}

/** Differences between a token and a developer's key. `wrong` and `missing` are messages on the sign-in page. */
interface Kind {
  readonly isDeveloper: boolean
  readonly wrong: string
  readonly missing?: string
}
const TOKEN: Kind = { isDeveloper: false, wrong: 'Wrong token.' }
const DEVELOPER: Kind = {
  isDeveloper: true,
  wrong: "Wrong key. The app's log has the address with the current key.",
  missing: "The app's log has the address with the key.",
}

function byFunction<Own extends readonly unknown[]>(
  auth: Extract<Auth<Own>, (...own: Own) => unknown>,
): EntryGate<Own> {
  return async (request, place) => {
    const given = await auth(...request.own)
    if (request.isAnswered()) return 'answered'
    if (!given) return rejectionReply(request, place, signIn('sign in to the app first'))
    // `given` is a reply or a `Response`, and both have `status`. `instanceof` would miss a `Response` from another
    // realm.
    if ('status' in given) return given
    return { visitor: visitorOf(checkGrant(given)) }
  }
}

function byPassword({ basic, ...grant }: BasicAuth): EntryGate<readonly unknown[]> {
  const reject = createReject()
  return async (request, place) => {
    const [, encoded] =
      /^basic\s+([\w+/=-]+)\s*$/i.exec(request.header('authorization') ?? '') ?? []
    if (encoded === undefined) return challenge(request, place, 'sign in')
    const text = Buffer.from(encoded, 'base64').toString('utf8')
    const colon = text.indexOf(':')
    const name = text.slice(0, colon)
    // The password is compared even if the name is unknown: otherwise the time of the reply would reveal which names
    // exist.
    const known = Object.hasOwn(basic, name)
    const right = digestEqual(text.slice(colon + 1), known ? basic[name]! : '')
    if (known && right && colon > 0)
      return { visitor: visitorOf({ allow: 'all', ...grant, as: name }) }
    return reject(request, place, () => challenge(request, place, 'name or password is wrong'))
  }
}

function byToken(
  { token, ...grant }: TokenAuth,
  signedOut: SignedOut,
  { isDeveloper, wrong, missing = '' }: Kind,
): EntryGate<readonly unknown[]> {
  const sessions = createSessions(token, signedOut)
  const reject = createReject()
  const visitor = visitorOf({ allow: 'all', ...grant }, { isDeveloper, canSignOut: true })
  return async (request, place) => {
    const isDocument = place.route === ''
    const posts = isDocument && request.method === 'POST'
    const mount = request.mount ?? place.mount
    const isIn = await sessions.has(request, mount)
    if (isIn && !posts) return { visitor }
    const fields = posts ? await fieldsOf(request) : {}
    const path = pathOf(fields['at']) ?? pathOf(request.mount) ?? '/'
    if (isIn && fields['signOut']) return reload(place, await sessions.end(request, mount, path))
    const [, bearer] = /^bearer +(.+)$/i.exec(request.header('authorization') ?? '') ?? []
    const given = bearer ?? fields['token']
    if (typeof given !== 'string')
      return isPage(request, isDocument)
        ? signInPage(place, missing)
        : problemReply(401, 'sign_in', 'sign in')
    if (sessions.isToken(given))
      return bearer === undefined
        ? reload(place, sessions.begin(request, mount, path))
        : { visitor }
    return reject(request, place, () =>
      isDocument ? signInPage(place, wrong) : problemReply(401, 'sign_in', 'sign in'),
    )
  }
}

/**
 * Makes the function that rejects a wrong credential. After many wrong credentials from one peer, rejections are
 * delayed.
 */
function createReject(): (
  request: InspectorRequest,
  place: PagePlace,
  rejection: () => InspectorReply,
) => Promise<InspectorReply> {
  const wrong = createWrongCredentials()
  return async (request, place, rejection) => {
    // A link on another site can contain a wrong name and password. Clicking such a link must not use up the visitor's
    // tries.
    if (request.header('sec-fetch-site') === 'cross-site') return rejection()
    const wait = await wrong(request.peer ?? '')
    return wait > 0
      ? rejectionReply(request, place, {
          status: 429,
          error: 'too_often',
          title: 'Too many wrong attempts',
          message: `too many wrong attempts; try again in ${wait} s`,
          retryAfter: wait,
        })
      : rejection()
  }
}

/** Returns a path without the slash at its end. Undefined if the path may not be in a cookie. */
function pathOf(given: unknown): string | undefined {
  if (typeof given !== 'string' || !/^\/[\w\-.~%!$&'()*+:@/]{0,500}$/.test(given)) return undefined
  return given.replace(/\/+$/, '') || '/'
}

// Maximum size of a sign-in request, in bytes. The limit is low, because anyone can send such a request.
const MOST_BYTES = 4096

/** Returns the fields of a form or of a JSON body. Returns an empty object if the body cannot be read. */
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

/** Redirects to the document with its query, so that a link still works after signing in. */
function reload({ self, query }: PagePlace, cookie: string): InspectorReply {
  return {
    status: 303,
    headers: { location: query.size === 0 ? self : `${self}?${query}`, 'set-cookie': cookie },
    body: '',
  }
}

function challenge(request: InspectorRequest, place: PagePlace, message: string): InspectorReply {
  const reply = rejectionReply(request, place, signIn(message))
  return {
    ...reply,
    headers: { ...reply.headers, 'www-authenticate': 'Basic realm="postern", charset="UTF-8"' },
  }
}

function signIn(message: string): Rejection {
  return { status: 401, error: 'sign_in', title: 'You are not signed in', message }
}

function visitorOf(
  grant: Grant,
  more: { readonly isDeveloper?: boolean; readonly canSignOut?: boolean } = {},
): Visitor {
  return { payloads: true, isDeveloper: false, canSignOut: false, ...grant, ...more }
}

// The logged link has the key in its fragment, which no server and no proxy log sees. This script sends the key to get
// a cookie, and removes the key from the address. The form field `at` has the path of the page, since a process behind
// a proxy does not know that path.
const SCRIPT = `const form=document.forms[0];form.at.value=location.pathname
const key=/^#key=(.+)$/.exec(location.hash)?.[1]
if(key){history.replaceState(null,'',location.pathname+location.search);form.token.value=decodeURIComponent(key);form.submit()}`

/** Makes the page that asks for the token. The page reveals only the name of the app. */
function signInPage({ app }: PagePlace, message: string): InspectorReply {
  const alert = message === '' ? '' : `<p role="alert" id="wrong">${message}</p>`
  return gateDocument(
    401,
    app,
    'Sign in',
    `<form method="post"><h1>Sign in</h1><label for="token">Token</label><input id="token" name="token" type="password" required autofocus autocomplete="current-password"${message === '' ? '' : ' aria-invalid="true" aria-describedby="wrong"'}>${alert}<input type="hidden" name="at"><button>Sign in</button></form>`,
    SCRIPT,
  )
}

const TOLD = Symbol.for('postern.inspector.told')
// Maximum number of mount paths to log. There is a limit, since anyone can invent paths in requests.
const MOST = 5

/**
 * Makes the function that logs the address of the page with the key. If `dev` is an address, only this address is
 * logged. Otherwise a guessed address is logged immediately, and the real address at the first request of each mount
 * path. The Host header is not used, so that the link leads to this app.
 */
function createTold(
  key: string,
  {
    dev,
    log = logger(),
    name = 'inspector',
  }: Pick<InspectorOptions<never>, 'dev' | 'log' | 'name'>,
): (request: Pick<InspectorRequest, 'port' | 'isEncrypted'>, mount: string) => void {
  // The set is global: after a hot reload, a new inspector must not log the same address again.
  const told = ((globalThis as { [TOLD]?: Set<string> })[TOLD] ??= new Set())
  let left = MOST
  if (typeof dev === 'string') tell(dev)
  else
    tell(
      `http://localhost:${process.env['PORT'] ?? 3000}/postern`,
      ' (if the page is mounted there)',
    )

  return ({ port, isEncrypted }, mount) => {
    if (typeof dev === 'string' || port === undefined || !/^[\w\-.~/]{0,200}$/.test(mount)) return
    if (left > 0 && tell(`${isEncrypted ? 'https' : 'http'}://localhost:${port}${mount}`)) left--
  }

  /** Logs an address. Returns false if the address was logged before, or if there is no log. */
  function tell(url: string, note = ''): boolean {
    const address = `${url}#key=${key}`
    if (log === false || told.has(address)) return false
    told.add(address)
    log.warning?.(name, `open ${address}${note}. Anyone with this key has full access`)
    return true
  }
}

interface Rejection {
  readonly status: 401 | 403 | 429
  readonly error: string
  /** The heading and the text of the page: plain text without HTML characters. */
  readonly title: string
  readonly message: string
  /** Number of seconds until the client may try again. */
  readonly retryAfter?: number
}

/** Returns the reply of a rejection: an HTML page if a browser opens the document, else JSON. */
export function rejectionReply(
  request: InspectorRequest,
  { route, self, app }: PagePlace,
  { status, error, title, message, retryAfter }: Rejection,
): InspectorReply {
  const problem = problemReply(status, error, message, retryAfter)
  if (!isPage(request, route === '')) return problem
  const page = gateDocument(
    status,
    app,
    title,
    `<h1>${title}</h1><p>${message[0]!.toUpperCase()}${message.slice(1)}.</p><p><a href="${self}">Open the page again</a></p>`,
  )
  return { ...page, headers: { ...problem.headers, ...page.headers } }
}

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{display:grid;place-content:center;min-height:90vh;margin:0;padding:1rem}
main,form{display:grid;gap:.75rem;width:min(22rem,90vw)}
input,button{font:inherit;padding:.5rem .75rem;border:1px solid color-mix(in srgb,CanvasText 45%,Canvas);border-radius:6px;background:Canvas;color:CanvasText}
button{background:#2456c7;border-color:#2456c7;color:#fff;cursor:pointer}
:focus-visible{outline:3px solid #6d9bf5;outline-offset:2px}
h1{font-size:1.25rem;margin:0}p{margin:0}
.app{display:flex;gap:.5rem;align-items:center;overflow-wrap:anywhere}
svg{color:#2456c7;flex:none}`

const MARK =
  '<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M3 15V7a5 5 0 0 1 10 0v8" fill="none" stroke="currentColor" stroke-width="3"/></svg>'

const hashOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const STYLES = hashOf(STYLE)

/** Makes a page that reveals only the name of the app. `main` is HTML, `app` is plain text. */
function gateDocument(
  status: number,
  app: string,
  title: string,
  main: string,
  script?: string,
): InspectorReply {
  const name = app.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy({
        styles: STYLES,
        ...(script !== undefined && { scripts: hashOf(script) }),
      }),
    },
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style></head><body><main><p class="app">${MARK}<b>postern</b>${app === 'postern' ? '' : ` ${name}`}</p>${main}</main>${script === undefined ? '' : `<script>${script}</script>`}</body></html>`,
  }
}
