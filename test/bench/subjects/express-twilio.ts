import express from 'express'
import twilio from 'twilio'
import { handled } from '../counter.ts'
import { PUBLIC_URL, SECRET } from '../deliveries.ts'
import { listen, type Subject } from './subject.ts'

/** twilio.webhook on Express 5, as its documentation has it. */
export const subject: Subject = {
  sender: 'twilio',
  framework: 'express',
  start() {
    const app = express()
    app.use(express.urlencoded({ extended: false }))
    app.post('/hook', twilio.webhook(SECRET, { url: PUBLIC_URL }), (_request, response) => {
      handled()
      response.type('text/xml').send('<Response/>')
    })
    return listen(app)
  },
}
