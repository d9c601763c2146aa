// Google Cloud and Firebase functions: the platform has read the body, and its bytes are in req.rawBody.
import { http } from '@google-cloud/functions-framework'
import { webhook } from '@postern/express'
import { receivers } from './receivers.mjs'

const handlers = Object.fromEntries(
  Object.entries(receivers).map(([name, one]) => [`/webhooks/${name}`, webhook(one)]),
)
http('hook', (request, response) => handlers[request.path](request, response))
