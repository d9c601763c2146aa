import { createNodeMiddleware, Webhooks } from '@octokit/webhooks'
import express from 'express'
import { handled } from '../counter.ts'
import { SECRET } from '../deliveries.ts'
import { listen, type Subject } from './subject.ts'

/** @octokit/webhooks on Express 5. */
export const subject: Subject = {
  sender: 'github',
  framework: 'express',
  start() {
    const webhooks = new Webhooks({ secret: SECRET })
    webhooks.on('issues', handled)
    const app = express()
    app.use(createNodeMiddleware(webhooks, { path: '/hook' }))
    return listen(app)
  },
}
