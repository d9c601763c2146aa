import { webhook } from '@postern/node'
import { posternReceiver } from './postern.ts'
import { listen, type Subject } from './subject.ts'
import { xmlProvider } from './xml-provider.ts'

/** Postern on node:http with XML bodies, inbox in memory. */
export const subject: Subject = {
  sender: 'xml',
  framework: 'node',
  start: () => listen(webhook(posternReceiver({ provider: xmlProvider() }))),
}
