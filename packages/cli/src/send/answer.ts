import { shown } from '../print/terminal.ts'

interface AppReply {
  readonly status: number
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly text: string
}

export interface Verdict {
  /** Undefined if both a receiver and another program could have sent the reply. */
  readonly by: 'receiver' | 'other' | undefined
  readonly code?: string
  readonly says?: string
}

/** Judges who sent a reply: the receiver, or a program in front of it. */
export function judge(answer: AppReply, url: string): Verdict {
  const code = codeOf(answer)
  if (code !== undefined)
    return { by: 'receiver', code, says: `the receiver rejected it: ${REMEDIES[code] ?? LOG}` }
  const seen: Seen = {
    ...answer,
    path: shown(new URL(url).pathname, 100),
    location: answer.headers['location'],
    url,
  }
  const row = ROWS.find(([matches]) => matches(seen))
  return row ? { by: 'other', says: row[1](seen) } : { by: undefined }
}

/**
 * Returns the code of a receiver's rejection. In the problem reply of a receiver, and only there, the title is the code
 * with blanks instead of `_`.
 */
function codeOf({ status, headers, text }: AppReply): string | undefined {
  if (!headers['content-type']?.startsWith('application/problem+json')) return undefined
  try {
    const problem = JSON.parse(text) as Readonly<Record<string, unknown>>
    const { code, title } = problem
    if (typeof code !== 'string' || !/^[a-z]+(?:_[a-z]+)*$/.test(code)) return undefined
    return problem['status'] === status && title === code.replaceAll('_', ' ') ? code : undefined
  } catch {
    return undefined
  }
}

const LOG = "the app's log says why"
const PARSER = 'a body parser read the body first; mount the receiver before it'
const REMEDIES: Readonly<Record<string, string>> = {
  signature_mismatch:
    'it verifies with another secret, or something changed the body; give both sides the same secret, or ask postern explain',
  missing_header:
    'it expects a header that did not come; check that the receiver at this URL is of this provider, and that no proxy removes headers',
  malformed_header:
    'a signature header has another form; check that the receiver at this URL is of this provider',
  unknown_sender: 'it knows no secret for this sender; check what its option `secrets` returns',
  timestamp_too_old: 'it was signed too long ago; check the clock of the machine',
  timestamp_in_future: 'it was signed in the future; check the clock of the machine',
  unhandled_topic: 'no subscription has this topic; add receiver.on(…) for it',
  body_consumed: PARSER,
  body_altered: PARSER,
}

interface Seen extends AppReply {
  readonly url: string
  readonly path: string
  readonly location: string | undefined
}

const isPage = ({ text }: Seen): boolean => /^\s*(?:<!doctype html|<html\b)/i.test(text)
const isRedirect = ({ status }: Seen): boolean => status >= 300 && status < 400
const has =
  (pattern: RegExp) =>
  ({ text }: Seen): boolean =>
    pattern.test(text)
const BEFORE = 'mount the receiver before it, or leave its path out'

/** Programs in front of a receiver, the most specific first. A row has a test for the reply, and the text to print. */
const ROWS: readonly (readonly [matches: (seen: Seen) => boolean, says: (seen: Seen) => string])[] =
  [
    [
      has(/Blocked request\. This host/),
      () => 'Vite rejected the Host header; add the host to server.allowedHosts in vite.config',
    ],
    [
      has(/Invalid Host header/i),
      () => 'the development server rejected the Host header; allow the host in its configuration',
    ],
    [
      ({ headers }) => headers['ngrok-error-code'] !== undefined,
      ({ headers }) =>
        `ngrok answered (${shown(headers['ngrok-error-code']!, 40)}); start the tunnel and the app that it leads to`,
    ],
    [
      ({ status, headers }) => headers['cf-mitigated'] !== undefined || status === 530,
      ({ status }) =>
        status === 530
          ? 'Cloudflare answered: no tunnel has this URL; start the tunnel again'
          : 'Cloudflare asked for a browser; let requests to this path pass without a challenge',
    ],
    [
      ({ headers, status, text }) =>
        status === 401 && (headers['server'] === 'Vercel' || text.includes('_vercel_sso_nonce')),
      () =>
        'Vercel protects this deployment; turn Deployment Protection off for it, or use the production URL',
    ],
    [
      ({ status, headers }) => status >= 300 && headers['x-clerk-auth-status'] === 'signed-out',
      ({ path }) => `Clerk protects this route; leave ${path} out of its middleware`,
    ],
    [
      has(/cross-site \w+ form submissions are forbidden/i),
      ({ path }) =>
        `the framework's CSRF check rejected the form, which has no Origin header; turn the origin check off, and protect routes other than ${path} yourself`,
    ],
    [
      (seen) => seen.status === 419 || (seen.status >= 400 && has(/csrf|xsrf|authenticity/i)(seen)),
      () => `CSRF protection answered; ${BEFORE}`,
    ],
    [
      (seen) =>
        isRedirect(seen) && /log-?in|sign-?in|auth|sso|cloudflareaccess/i.test(seen.location ?? ''),
      ({ path, location = '' }) =>
        `a login answered: it redirects to ${shown(location)}; exempt ${path} from the login`,
    ],
    [
      (seen) => isRedirect(seen) && leadsTo(seen) === 'slash',
      ({ location = '' }) =>
        `it redirects to ${shown(location)}, and most senders do not follow; give the URL exactly as the redirect has it, with or without the slash at its end`,
    ],
    [
      (seen) => isRedirect(seen) && leadsTo(seen) === 'https',
      ({ location = '' }) =>
        `it redirects to ${shown(location)}, and most senders do not follow; give the https URL`,
    ],
    [
      isRedirect,
      ({ location = '' }) =>
        `it redirects to ${location === '' ? 'no place' : shown(location)}, and most senders do not follow; give the URL that answers at once`,
    ],
    [
      (seen) => seen.status < 300 && isPage(seen),
      ({ path }) =>
        `a page of HTML answered, and no receiver; mount the receiver at ${path}, before what serves pages`,
    ],
    [
      ({ status }) => status === 404 || status === 410,
      ({ path }) => `no route is at ${path}; mount the receiver there, or give its URL`,
    ],
    [
      ({ status }) => status === 405 || status === 501,
      ({ path }) =>
        `the route at ${path} does not accept this method; mount the receiver for all methods, as in app.all(…)`,
    ],
    [
      ({ status }) => status === 413,
      () => `a body parser or proxy found the body too large; ${BEFORE}`,
    ],
    [
      ({ status }) => status === 415,
      () => `a body parser does not know the content type; ${BEFORE}`,
    ],
    [
      (seen) =>
        (seen.status === 400 || seen.status === 422) &&
        has(/JSON|SyntaxError|parse|FST_ERR_CTP/)(seen),
      () => `a body parser answered; ${BEFORE}`,
    ],
    [
      ({ status }) => status === 429,
      ({ path }) => `a rate limiter answered; exempt ${path} from it`,
    ],
    [
      ({ status, headers }) => status === 401 && headers['www-authenticate'] !== undefined,
      ({ path }) => `a login of the app or of a proxy answered; exempt ${path} from it`,
    ],
    [
      ({ status }) => status === 401 || status === 403 || status === 407,
      () => `a guard, middleware or your own answer function rejected it; ${BEFORE}`,
    ],
    [
      ({ status }) => status === 502 || status === 503 || status === 504,
      () =>
        'a proxy answered: it does not reach the app; check that the app runs at the port of the proxy',
    ],
    [({ status }) => status >= 500, () => `the app failed, and not in the receiver; ${LOG}`],
    [
      ({ status }) => status >= 400,
      () => `middleware or your own answer function rejected it; ${BEFORE}`,
    ],
  ]

/**
 * Returns `slash` if a redirect changes only the slash at the end of the path. Returns `https` if the redirect changes
 * only the scheme.
 */
function leadsTo({ url, location = '' }: Seen): 'slash' | 'https' | undefined {
  if (!URL.canParse(location, url)) return undefined
  const [from, to] = [new URL(url), new URL(location, url)]
  if (from.host === to.host && from.pathname.replace(/\/$/, '') === to.pathname.replace(/\/$/, ''))
    return from.pathname === to.pathname ? 'https' : 'slash'
  return undefined
}
