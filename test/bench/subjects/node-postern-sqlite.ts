import { webhook } from '@postern/node'
import { posternReceiver, temporarySqlite } from './postern.ts'
import { listen, type Subject } from './subject.ts'

/** Postern on node:http; each event is on disk (synchronous=FULL) before the 200. */
export const subject: Subject = {
  sender: 'github',
  framework: 'node',
  start: () => listen(webhook(posternReceiver({ inbox: temporarySqlite() }))),
}
