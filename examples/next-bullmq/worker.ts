// The worker, apart from the web side: as many of them as you like, on any machine that reaches Redis.
import { makeReceiver } from './lib/receiver.ts'

const receiver = makeReceiver()
await receiver.work()
console.log('working')
process.once('SIGTERM', () => void receiver.close().then(() => process.exit()))
