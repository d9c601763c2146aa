import { FAMILIES, LAST_WORDS, PLATFORM_HEADERS } from './platforms.ts'
import { SENDER_CREDENTIALS } from './senders.ts'

const HEADERS: ReadonlySet<string> = new Set([...PLATFORM_HEADERS, ...SENDER_CREDENTIALS.headers])
const PARAMETERS: ReadonlySet<string> = new Set(SENDER_CREDENTIALS.query)

// Names come from the network: their judgements are remembered up to this number, and then forgotten together.
const MOST = 1000
let judged = new Map<string, boolean>()

/**
 * True for a header that holds a credential of some sender or platform, whichever provider receives it: a token, a
 * password, a cookie. Signatures are none: they reveal no secret. A name counts under a prefix too
 * (`http_x_gitlab_token`, `x-original-authorization`).
 *
 * @param name - in any case.
 *
 * @example
 * const shown = headers.filter(([name]) => !isCredentialHeader(name))
 */
export function isCredentialHeader(name: string): boolean {
  let found = judged.get(name)
  if (found !== undefined) return found
  if (judged.size >= MOST) judged = new Map()
  judged.set(name, (found = judge(plain(name))))
  return found
}

/**
 * True for a parameter of a URL in which some sender puts a token or password, or whose last word says that it is one:
 * users choose such names themselves.
 *
 * @example
 * isCredentialParameter('access_token') // true
 */
export function isCredentialParameter(name: string): boolean {
  return PARAMETERS.has(name.toLowerCase()) || LAST_WORDS.test(plain(name))
}

/** The name of a header as proxies that rename it are understood: in lower case, with hyphens. */
export function plain(name: string): string {
  return name.toLowerCase().replaceAll('_', '-')
}

/** True if a header has one of the names, or ends with it behind a prefix. Names are {@link plain}. */
export function isNamed(name: string, names: ReadonlySet<string>): boolean {
  if (names.has(name)) return true
  for (let at = name.indexOf('-'); at >= 0; at = name.indexOf('-', at + 1))
    if (names.has(name.slice(at + 1))) return true
  return false
}

function judge(name: string): boolean {
  return LAST_WORDS.test(name) || FAMILIES.test(name) || isNamed(name, HEADERS)
}
