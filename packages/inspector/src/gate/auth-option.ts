import { unknownOptions, type MaybePromise, checkSecret } from '@postern/core/internal'
import type { Action } from '../api.ts'
import type { InspectorReply } from '../request.ts'

/** The rights of a visitor. */
export interface Grant {
  /**
   * `read` allows no action. `all` allows replays, deletions, mutes, and runs with an edited payload. A list names the
   * allowed actions. `sample` sends a made-up event to your handlers. `all` does not include `sample`: name it in a
   * list.
   */
  readonly allow: 'all' | 'read' | readonly Action[]
  /** False hides payloads, headers, bodies and replies, and everything derived from them. @default true */
  readonly payloads?: boolean
  /** Name of the visitor, for observers and the log. @default unknown */
  readonly as?: string
}

/** A secret: visitors enter it on a sign-in page, or send it as `Authorization: Bearer`. */
export interface TokenAuth extends Partial<Grant> {
  /** The secret: at least 16 characters. Processes with the same token share their sessions. */
  readonly token: string
}

/** Names with their passwords, for HTTP's Basic authentication. */
export interface BasicAuth extends Omit<Partial<Grant>, 'as'> {
  /** Passwords by name, at least 16 characters each. The name identifies the visitor in the log. */
  readonly basic: Readonly<Record<string, string>>
}

/**
 * Decides who may enter. A function gets the framework's own request or context, after the app's middleware. The
 * function returns the visitor's rights, its own `Response`, or a falsy value to reject the request. The function can
 * also reply through the framework, such as with a redirect.
 */
export type Auth<Own extends readonly unknown[] = readonly unknown[]> =
  | TokenAuth
  | BasicAuth
  | ((
      ...own: Own
    ) => MaybePromise<Grant | Response | InspectorReply | false | null | undefined | void>)

const SHORTEST = 16
const ACTIONS: readonly Action[] = ['replay', 'delete', 'rerun', 'sample', 'mute']

/** Throws a `TypeError` that names what is wrong. */
export function checkAuth(auth: unknown): void {
  if (typeof auth === 'function') return
  if (typeof auth !== 'object' || auth === null)
    throw new TypeError(
      `inspector: auth must be { token }, { basic: { name: password } } or a function, got ${auth === null ? 'null' : typeof auth}`,
    )
  if ('basic' in auth) {
    const { basic, ...grant } = auth as BasicAuth
    unknownOptions('inspector: auth', grant, ['allow', 'payloads'])
    const names = Object.entries(basic ?? {})
    if (names.length === 0)
      throw new TypeError('inspector: auth.basic must have a name with its password')
    for (const [name, password] of names) {
      if (name === '' || name.includes(':'))
        throw new TypeError(
          `inspector: a name in auth.basic must not have a colon, got ${JSON.stringify(name)}`,
        )
      checkLong(`inspector: the password of ${name} in auth.basic`, password)
    }
    checkGrant({ allow: 'all', ...grant })
    return
  }
  const { token, ...grant } = auth as TokenAuth
  unknownOptions('inspector: auth', grant, ['allow', 'payloads', 'as'])
  checkLong('inspector: auth.token', token)
  checkGrant({ allow: 'all', ...grant })
}

/** Checks the value that `auth` returned. Throws a `TypeError` if the value is not a {@link Grant}. */
export function checkGrant(grant: unknown): Grant {
  unknownOptions('inspector: the return value of auth', grant, ['allow', 'payloads', 'as'])
  const { allow, payloads, as } = grant as Grant
  const isList = Array.isArray(allow) && allow.every((one: Action) => ACTIONS.includes(one))
  if (allow !== 'all' && allow !== 'read' && !isList)
    throw new TypeError(
      `inspector: allow of auth must be 'all', 'read' or a list of ${ACTIONS.join(', ')}, got ${JSON.stringify(allow)}`,
    )
  if (payloads !== undefined && typeof payloads !== 'boolean')
    throw new TypeError(
      `inspector: payloads of auth must be true or false, got ${JSON.stringify(payloads)}`,
    )
  if (as !== undefined && typeof as !== 'string')
    throw new TypeError(
      `inspector: as of auth must be a string, the visitor's name, got ${JSON.stringify(as)}`,
    )
  return grant as Grant
}

function checkLong(what: string, secret: unknown): void {
  checkSecret(what, secret)
  if (secret.length < SHORTEST)
    throw new TypeError(
      `${what} must have at least ${SHORTEST} characters, got ${secret.length}; make one with: openssl rand -base64 24`,
    )
}
