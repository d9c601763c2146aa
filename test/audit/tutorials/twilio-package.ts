// Uses the middleware of a phone provider's package, after a form parser.
import express from 'express'
import twilio from 'twilio'
import { listening } from './listening.ts'

const app = express()
app.use(express.urlencoded({ extended: false }))

app.post(
  '/sms',
  twilio.webhook(process.env['SECRET']!, { protocol: 'http' }),
  (_request, response) => {
    response.type('text/xml').send('<Response/>')
  },
)

listening(app, '/sms')
