import { bullmqInbox } from '@postern/bullmq'
import { webhook } from '@postern/node'
import { posternReceiver } from './postern.ts'
import { listen, type Subject } from './subject.ts'

/** Postern on node:http; each event is in Redis (appendfsync always) before the 200. */
export const subject: Subject = {
  sender: 'github',
  framework: 'node',
  start() {
    const prefix = `{${process.env['BENCH_PLACE'] ?? 'http'}}`
    const inbox = bullmqInbox({ connection: process.env['BENCH_REDIS']!, prefix })
    return listen(webhook(posternReceiver({ inbox })))
  },
}
