/** Cause of a {@link RegistrarError}. */
export type RegistrarErrorCode =
  /** The token is missing, wrong or expired. */
  | 'unauthorized'
  /** The token lacks a permission, or the account lacks a feature. */
  | 'forbidden'
  | 'not_found'
  /** The sender rejected a value. */
  | 'invalid'
  /** The sender asked to wait longer than `patience`. */
  | 'rate_limited'
  /** The sender could not be reached, did not answer in time, or failed. */
  | 'unavailable'
  /** The sender's answer does not follow its documentation. */
  | 'unexpected'
  /** Another receiver uses the account's only endpoint. To move the endpoint, name its URL in `previousUrls`. */
  | 'taken'
  /** The sender's endpoints have changed since the plan was made. Plan again. */
  | 'stale_plan'

/** Details of a {@link RegistrarError}. */
export interface RegistrarErrorOptions {
  /** HTTP status of the sender's answer. */
  readonly status?: number
  /** Milliseconds that the sender asked to wait. */
  readonly retryAfter?: number
}

/**
 * The error that every registrar and source throws. The message names the call, without any token, secret or payload.
 */
export class RegistrarError extends Error {
  override readonly name = 'RegistrarError'
  readonly code: RegistrarErrorCode
  /** HTTP status of the sender's answer. */
  readonly status: number | undefined
  /** Milliseconds that the sender asked to wait. */
  readonly retryAfter: number | undefined

  constructor(code: RegistrarErrorCode, message: string, options: RegistrarErrorOptions = {}) {
    super(message)
    this.code = code
    this.status = options.status
    this.retryAfter = options.retryAfter
  }
}
