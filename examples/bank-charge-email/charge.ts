import { UnrecoverableError } from '@postern/core'

/** What the bank says of a charge. */
export interface Charge {
  readonly email: string
  readonly amount: string
  readonly currency: string
  readonly merchant: string
}

/**
 * Reads a charge from JSON (`{ email, … }`, or in the `data` of a Standard Webhooks message) or XML
 * (`<charge><email>…`): the payload is an object either way.
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
