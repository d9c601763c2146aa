import { webhook } from '@postern/node'
import { posternReceiver } from './postern.ts'
import { listen, type Subject } from './subject.ts'

/** Postern on node:http, inbox in memory. */
export const subject: Subject = {
  sender: 'github',
  framework: 'node',
  start: () => listen(webhook(posternReceiver())),
}
