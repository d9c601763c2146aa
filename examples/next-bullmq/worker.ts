// The worker process. Run as many as you like, on any machine that reaches Redis.
import { closeOnSignal } from '@postern/node'
import { makeReceiver } from './lib/receiver.ts'
import { startTelemetry } from './lib/telemetry.ts'

const stopTelemetry = startTelemetry('worker')
const { receiver, inbox } = makeReceiver()
await receiver.startWorker()
console.log('working')
// On a signal, this worker releases its running tasks, and another worker runs them at once.
closeOnSignal({ receivers: [receiver], inboxes: [inbox, { close: stopTelemetry }] })
