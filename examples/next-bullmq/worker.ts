// The worker, apart from the web side: as many of them as you like, on any machine that reaches Redis.
import { makeReceiver } from './lib/receiver.ts'
import { startTelemetry } from './lib/telemetry.ts'

const stopTelemetry = startTelemetry('worker')
const receiver = makeReceiver()
await receiver.work()
console.log('working')
process.once('SIGTERM', () => void stop())

async function stop(): Promise<void> {
  await receiver.close()
  await stopTelemetry()
  process.exit()
}
