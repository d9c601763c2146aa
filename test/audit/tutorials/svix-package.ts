// Follows the documentation of a webhook platform, with that platform's package.
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
