import { webhook } from '@postern/express'
import express from 'express'
import { posternReceiver } from './postern.ts'
import { listen, type Subject } from './subject.ts'

/** Postern on Express 5, inbox in memory. */
export const subject: Subject = {
  sender: 'github',
  framework: 'express',
  start() {
    const app = express()
    app.all('/hook', webhook(posternReceiver()))
    return listen(app)
  },
}
