// The worker, apart from the web side: as many of them as you like, on any machine that reaches Redis.
import { closeOnSignal } from '@postern/node'
import { makeReceiver } from './lib/receiver.ts'
import { startTelemetry } from './lib/telemetry.ts'

const stopTelemetry = startTelemetry('worker')
const { receiver, inbox } = makeReceiver()
await receiver.startWorker()
console.log('working')
// Tasks that run are given back, and another worker takes them at once.
closeOnSignal({ receivers: [receiver], inboxes: [inbox, { close: stopTelemetry }] })
