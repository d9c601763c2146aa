import { REJECTED, TAKEN, type HostileCase } from '../case.ts'
import { caseOf, type Genuine } from '../genuine.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const NO_BODY = new Set(['GET', 'HEAD'])

/** A captured delivery with another method is rejected or keeps its meaning. */
export function methods(genuine: Genuine): readonly HostileCase[] {
  const { methods: taken = ['POST'], covers } = genuine.provider()
  const { wire, runs } = genuine
  return METHODS.filter((method) => method !== wire.method).flatMap((method) => {
    const known = taken.includes(method)
    // The credential does not cover the request, so its owner may send any query.
    if (known && covers.body === 'none') return []
    const bodiless = NO_BODY.has(method)
    const step = {
      wire: { ...wire, method, body: bodiless ? new Uint8Array(0) : wire.body },
      status: known ? [...TAKEN, ...REJECTED] : [405],
      ...(!known && { code: ['method_not_allowed', ...(method === 'HEAD' ? [''] : [])] }),
    }
    const more = { runs: known && !bodiless ? runs : [], orNone: true }
    return caseOf(genuine, 'method', `sent as ${method}`, step, more)
  })
}
