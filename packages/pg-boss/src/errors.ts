import { errorMessage } from './error-message.ts'
import { isWebhookError, WebhookError } from '@postern/core'

/** An error of PostgreSQL as the refusal of a delivery. */
export function unavailable(error: unknown): WebhookError {
  if (isWebhookError(error)) return error
  return new WebhookError(
    codeOf(error) === '53100' ? 'inbox_full' : 'inbox_unavailable',
    explain(error),
    { cause: error },
  )
}

/** The cause and the remedy, in words. */
export function explain(error: unknown): string {
  const reason = REASONS[codeOf(error) ?? '']
  const message = errorMessage(error)
  return `pgBossInbox: ${reason === undefined ? message : `${reason} (PostgreSQL says: ${message})`}`
}

/** True if the same statements can succeed when they are tried again. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error)
  return code === '40001' || code === '40P01'
}

/** True if the written values caused the error, not the server or the connection. */
export function isDataFault(error: unknown): boolean {
  return /^2[123]/.test(codeOf(error) ?? '')
}

/**
 * True if trying again cannot help: PostgreSQL refused the statement itself, or what is to be stored is no JSON
 * value. Its other classes are about the server, the connection, locks and room, and pass.
 */
export function isLasting(error: unknown): boolean {
  if (error instanceof TypeError) return true
  const code = codeOf(error)
  return (
    code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !/^(?:08|25|40|53|55|57|58|XX)/.test(code)
  )
}

/** The error after closing. */
export function closedError(): WebhookError {
  return new WebhookError('closed', 'pgBossInbox was closed')
}

/** The error after a deadline. */
export function lateError(what: string, time: number): WebhookError {
  return new WebhookError(
    'inbox_unavailable',
    `pgBossInbox: PostgreSQL did not ${what} within ${Math.round(time)} ms`,
  )
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'PostgreSQL does not answer there: check connectionString, and that it runs',
  ENOTFOUND: 'the host of connectionString is not known',
  '28P01': 'the password was refused: check connectionString',
  '3D000': 'the database is not there: create it',
  '42501': 'the user may not do this: grant it CREATE on the database, or USAGE on the schema',
  '53100': 'its disk is full: make room',
  '53300': 'it has no connection left: raise max_connections or lower maxConnections',
  '57P01': 'it was shut down',
  '57P03': 'it is starting up',
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
