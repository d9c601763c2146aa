import { webhook } from '@postern/express'
import { twilio } from '@postern/providers/twilio'
import express from 'express'
import { PUBLIC_URL, SECRET } from '../deliveries.ts'
import { posternReceiver } from './postern.ts'
import { listen, type Subject } from './subject.ts'

/** Postern on Express 5 with Twilio, inbox in memory. */
export const subject: Subject = {
  sender: 'twilio',
  framework: 'express',
  start() {
    const provider = twilio({ authToken: SECRET, publicUrl: PUBLIC_URL })
    const app = express()
    app.all('/hook', webhook(posternReceiver({ provider })))
    return listen(app)
  },
}
