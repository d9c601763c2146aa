/** Why a sender's API, or a plan, was rejected. */
export type RegistrarErrorCode =
  /** The token is missing, wrong or expired. */
  | 'unauthorized'
  /** The token lacks a permission, or the account lacks a feature. */
  | 'forbidden'
  | 'not_found'
  /** The sender found a value wrong. */
  | 'invalid'
  /** The sender asked to wait longer than `patience`. */
  | 'rate_limited'
  /** The sender was not reached, did not answer in time, or failed. */
  | 'unavailable'
  /** The sender answered something that its documentation does not describe. */
  | 'unexpected'
  /** The sender has one endpoint for all, and it is another receiver's: name that URL in `previousUrls`. */
  | 'taken'
  /** What the sender has changed since the plan was made: plan again. */
  | 'stale_plan'

/** Details of a {@link RegistrarError}. */
export interface RegistrarErrorOptions {
  /** HTTP status of the sender's answer. */
  readonly status?: number
  /** Milliseconds that the sender asked to wait. */
  readonly retryAfter?: number
}

/** The error of every registrar and source. Its message names the call and never holds a token, secret or payload. */
export class RegistrarError extends Error {
  override readonly name = 'RegistrarError'
  readonly code: RegistrarErrorCode
  /** The status the sender answered with. */
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
