import { durableObject, worker } from '@postern/cloudflare'
import { makeReceivers } from './make.mjs'

const receivers = (_env, inbox) =>
  Object.fromEntries(
    Object.entries(makeReceivers({ inbox })).map(([name, one]) => [`/webhooks/${name}`, one]),
  )
// Meta delivers again for so long.
const dedupeWindow = '7d'

export class Webhooks extends durableObject(receivers, { dedupeWindow }) {}
export default worker(receivers, 'WEBHOOKS', { dedupeWindow })
