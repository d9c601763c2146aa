import { createNodeMiddleware, Webhooks } from '@octokit/webhooks'
import { handled } from '../counter.ts'
import { SECRET } from '../deliveries.ts'
import { listen, type Subject } from './subject.ts'

/** @octokit/webhooks on node:http. */
export const subject: Subject = {
  sender: 'github',
  framework: 'node',
  start() {
    const webhooks = new Webhooks({ secret: SECRET })
    webhooks.on('issues', handled)
    const middleware = createNodeMiddleware(webhooks, { path: '/hook' })
    return listen((request, response) => void middleware(request, response))
  },
}
