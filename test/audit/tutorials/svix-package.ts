// A sender on a webhook platform, by that platform's package, as its documentation shows it.
import express from 'express'
import { Webhook } from 'svix'
import { listening } from './listening.ts'

const app = express()

app.post('/webhook', express.raw({ type: 'application/json' }), (request, response) => {
  try {
    new Webhook(process.env['SECRET']!).verify(
      request.body as Buffer,
      request.headers as Record<string, string>,
    )
  } catch {
    response.status(400).json({})
    return
  }
  response.json({})
})

listening(app, '/webhook')
