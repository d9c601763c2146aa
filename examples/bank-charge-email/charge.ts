import { UnrecoverableError } from '@postern/core'

/** A card charge, as the bank describes it. */
export interface Charge {
  readonly email: string
  readonly amount: string
  readonly currency: string
  readonly merchant: string
}

/**
 * Returns the charge of a payload. The payload comes from JSON (`{ email, … }`, or the `data` of a Standard Webhooks
 * message) or from XML (`<charge><email>…`). Postern parses both to an object.
 */
export function toCharge(payload: unknown): Charge {
  const root = payload as { charge?: unknown; data?: unknown }
  const { email, amount, currency, merchant } = (root.charge ??
    root.data ??
    root) as Partial<Charge>
  if (!email || !amount || !currency || !merchant)
    throw new UnrecoverableError('the charge lacks email, amount, currency or merchant')
  return { email, amount, currency, merchant }
}
