import { webhook } from '@postern/node'
import { postgresInbox } from '@postern/postgres'
import { posternReceiver } from './postern.ts'
import { listen, type Subject } from './subject.ts'

/** Postern on node:http; each event is in PostgreSQL (fsync on) before the 200. */
export const subject: Subject = {
  sender: 'github',
  framework: 'node',
  start() {
    const connectionString = process.env['BENCH_POSTGRES']!
    const inbox = postgresInbox({
      connectionString,
      schema: process.env['BENCH_PLACE'] ?? 'bench_http',
    })
    return listen(webhook(posternReceiver({ inbox })))
  },
}
