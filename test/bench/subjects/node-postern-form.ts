import { webhook } from '@postern/node'
import { twilio } from '@postern/providers/twilio'
import { PUBLIC_URL, SECRET } from '../deliveries.ts'
import { posternReceiver } from './postern.ts'
import { listen, type Subject } from './subject.ts'

/** Postern on node:http with Twilio, inbox in memory. */
export const subject: Subject = {
  sender: 'twilio',
  framework: 'node',
  start: () => {
    const provider = twilio({ authToken: SECRET, publicUrl: PUBLIC_URL })
    return listen(webhook(posternReceiver({ provider })))
  },
}
