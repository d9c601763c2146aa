import { logger } from '@postern/core'
import type { InspectorOptions } from '../options.ts'
import type { InspectorRequest } from '../request.ts'

const TOLD = Symbol.for('postern.inspector.told')
// Mounts of one process: their paths come from requests.
const MOST = 5

/**
 * Makes the function that tells the operator's own log the address with the key: as `dev` says it, else at the first
 * request of each mount. Nothing of it comes from the Host that a request claims: a link must lead here.
 */
export function createTold(
  key: string,
  {
    dev,
    log = logger(),
    name = 'inspector',
  }: Pick<InspectorOptions<never>, 'dev' | 'log' | 'name'>,
): (request: Pick<InspectorRequest, 'port' | 'isEncrypted'>, mount: string) => void {
  // A hot reload makes the inspector again.
  const told = ((globalThis as { [TOLD]?: Set<string> })[TOLD] ??= new Set())
  let left = MOST
  if (typeof dev === 'string') tell(dev)
  else tell(`http://localhost:${process.env['PORT'] ?? 3000}/postern`, ', if it is mounted there')

  return ({ port, isEncrypted }, mount) => {
    if (typeof dev === 'string' || port === undefined || !/^[\w\-.~/]{0,200}$/.test(mount)) return
    if (left > 0 && tell(`${isEncrypted ? 'https' : 'http'}://localhost:${port}${mount}`)) left--
  }

  /** False if it was told before. */
  function tell(url: string, note = ''): boolean {
    const address = `${url}#key=${key}`
    if (log === false || told.has(address)) return false
    told.add(address)
    log.warning?.(name, `the page opens with ${address}${note}; who has the key may do all`)
    return true
  }
}
