import { durableObject, worker } from '@postern/cloudflare'
import { receivers } from './receiver.ts'

/** Stores the events and runs the handlers. */
export class Webhooks extends durableObject(receivers) {}
export default worker(receivers, 'WEBHOOKS')
