// A function URL in front of the handler, as AWS makes its events: text types as text, all others in base64.
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { webhook } from '@postern/aws-lambda'
import { port, receivers } from './receivers.mjs'

const handlers = Object.fromEntries(
  Object.entries(receivers).map(([name, one]) => [
    `/webhooks/${name}`,
    webhook(one, { publicBase: `http://127.0.0.1:${port}` }),
  ]),
)
createServer((request, response) => void answer(request, response)).listen(port)

async function answer(request, response) {
  const [path, query = ''] = request.url.split('?')
  const bytes = await buffer(request)
  const type = request.headers['content-type'] ?? ''
  const isText = /^text\/|json|xml/.test(type) && bytes.equals(Buffer.from(bytes.toString()))
  const event = {
    version: '2.0',
    rawPath: path,
    rawQueryString: query,
    headers: { ...request.headers },
    requestContext: { http: { method: request.method }, domainName: request.headers.host },
    ...(bytes.length > 0 && { body: bytes.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: !isText,
  }
  const { statusCode, headers, body, isBase64Encoded } = await handlers[path](event)
  response.writeHead(statusCode, headers).end(isBase64Encoded ? Buffer.from(body, 'base64') : body)
}
