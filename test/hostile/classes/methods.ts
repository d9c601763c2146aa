import { REJECTED, TAKEN, type HostileCase } from '../case.ts'
import type { Genuine } from '../genuine.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const NO_BODY = new Set(['GET', 'HEAD'])

/** A captured delivery under another method is rejected, or means what it meant. */
export function methods(genuine: Genuine): readonly HostileCase[] {
  const { methods: taken = ['POST'], covers } = genuine.provider()
  const { name, provider, now, wire, runs } = genuine
  return METHODS.filter((method) => method !== wire.method).flatMap((method) => {
    const known = taken.includes(method)
    // Who has the credential says what the query is.
    if (known && covers.body === 'none') return []
    const bodiless = NO_BODY.has(method)
    return {
      name: `${name}: sent as ${method}`,
      class: 'method',
      provider,
      now,
      steps: [
        {
          wire: { ...wire, method, body: bodiless ? new Uint8Array(0) : wire.body },
          status: known ? [...TAKEN, ...REJECTED] : [405],
          ...(!known && { code: ['method_not_allowed', ...(method === 'HEAD' ? [''] : [])] }),
        },
      ],
      runs: known && !bodiless ? runs : [],
      orNone: true,
    }
  })
}
