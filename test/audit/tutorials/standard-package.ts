// Uses the reference package of Standard Webhooks on Express.
import express from 'express'
import { Webhook } from 'standardwebhooks'
import { listening } from './listening.ts'

const app = express()
app.use(express.raw({ type: 'application/json' }))

app.post('/webhook', (request, response) => {
  new Webhook(process.env['SECRET']!).verify(
    request.body as Buffer,
    request.headers as Record<string, string>,
  )
  response.json({})
})

listening(app, '/webhook')
